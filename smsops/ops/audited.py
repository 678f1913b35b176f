"""Commands in the audit trail: the verb, its object, choices and numbers; of free text only the reason."""

from __future__ import annotations

import logging
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import DatabaseError

from smsops.audit import acting, carried_out
from smsops.audit.context import at_the_terminal
from smsops.audit.discretion import PRIVATE, scope_of
from smsops.audit.recording import Deed, key_of
from smsops.errors import OpsError
from smsops.models import Environment, Run
from smsops.models.audit import Sort
from smsops.ops.common import account
from smsops.ops.output import Output
from smsops.ops.registry import Said, Verb

log = logging.getLogger(__name__)

# Words that are names of things or choices among a few; every other text may be anything, and stays out of the trail.
KEPT = frozenset({"act", "action", "backup", "clock", "environment", "eyes", "fact", "kind", "lock_mode", "name",
                  "playbook", "role", "scenario", "severity", "strategy", "table", "target", "to", "user", "version",
                  "what"})  # fmt: skip
REASONS = ("reason", "why")
MACHINERY = frozenset({"json", "verb", "wait", "verbosity", "traceback", "no_color", "force_color", "skip_checks",
                       "settings", "pythonpath"})  # fmt: skip


@contextmanager
def recorded(verb: Verb, args: Namespace, output: Output) -> Iterator[None]:
    """Whoever runs it is known inside; where it changes something, the trail has it before it begins."""
    with acting(at_the_terminal(account())), ExitStack() as told:
        try:
            if verb.changes(args):
                told.enter_context(carried_out(deed_of(verb, args)))
        except DatabaseError as error:
            if "locked" in str(error):  # that passes
                raise OpsError("The audit trail is busy; try again.") from error
            # What brings a broken installation back must not need its database.
            log.error("“ops %s” is not in the audit trail: %s", verb.name, error)
            output.stderr.write("The audit trail cannot be written; it goes on without.\n")
        yield


def deed_of(verb: Verb, args: Namespace) -> Deed:
    """What the trail tells of a command."""
    said = verb.said(args) if verb.said is not None else Said()
    about, scope, words = _object(said, args)
    return Deed(
        f"ops.{verb.name}{said.action}", Sort.COMMAND, about=about, words=words, reason=_reason(args),
        given=given_in(args), scope=PRIVATE if getattr(args, "private", False) is True else scope,
    )  # fmt: skip


def _object(said: Said, args: Namespace) -> tuple[tuple[str, str], str, str]:
    """Kind and number, the scope, and the words of what the command is about, as far as it can be told."""
    if said.about[0]:
        return said.about, ":".join(said.about), ""
    number, name = getattr(args, "run", None), getattr(args, "environment", None)
    found: Run | Environment | None = None
    if isinstance(number, int):
        found = Run.objects.filter(pk=number).first()
    elif isinstance(name, str) and name:
        found = Environment.objects.filter(name=name).first()
    return (key_of(found), scope_of(found), str(found)) if found is not None else (("", ""), "", "")


def _reason(args: Namespace) -> str:
    found = (getattr(args, name, "") for name in REASONS)
    return next((each for each in found if isinstance(each, str) and each), "")


def given_in(args: Namespace) -> dict[str, Any]:
    """The words that are kept: numbers, switches that are on, and names."""
    return {name: value for name, value in vars(args).items() if name not in MACHINERY and _is_kept(name, value)}


def _is_kept(name: str, value: Any) -> bool:
    if isinstance(value, bool | int | float):
        return value is not False
    return name in KEPT and isinstance(value, str) and bool(value)
