"""Entries: one narrow way to write them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import DatabaseError
from django.db.models import Model

from smsops.audit import chain, context, discretion
from smsops.audit.context import Who
from smsops.audit.values import cut, plain
from smsops.errors import OpsError
from smsops.models.audit import AuditEntry, Outcome, Sort

log = logging.getLogger(__name__)

Changes = Mapping[str, tuple[Any, Any]]
LONGEST_REASON = 2000
_kept: ContextVar[list[dict[str, Any]] | None] = ContextVar("smsops_audit_kept", default=None)


@dataclass(frozen=True)
class Deed:
    """What an entry will tell. `about` is the object as kind and number, `words` what it is called."""

    action: str
    sort: str
    about: tuple[str, str] = ("", "")
    words: str = ""
    reason: str = ""
    changes: Changes = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    scope: str = ""
    outcome: str = ""

    def row(self, who: Who) -> dict[str, Any]:
        """All fields of the entry but those of the chain: redacted, and as long as their columns are."""
        kind, number = self.about
        return {
            "sort": str(self.sort), "action": cut(self.action, 100), "outcome": str(self.outcome),
            "who": cut_name(who.name), "user": who.user, "door": str(who.door),
            "address": cut(who.address, 100), "agent": cut(who.agent, 100),
            "kind": cut(kind, 60), "number": cut(number, 60), "words": cut(self.words, 200),
            "reason": cut(self.reason, LONGEST_REASON),
            "changes": {name: [plain(before), plain(after)] for name, (before, after) in self.changes.items()},
            "given": {name: plain(value) for name, value in self.given.items()},
            "scope": self.scope[:60], "together": context.together(),
        }  # fmt: skip


def cut_name(name: str) -> str:
    """A name is kept as it is, were it an address of e-mail; only what no database takes is left out."""
    return name.replace("\0", "").encode("utf-8", "replace").decode()[:150]


def key_of(target: Model) -> tuple[str, str]:
    """An object as kind and number; a row has one kind, whichever room looks at it."""
    model = target._meta.concrete_model or type(target)
    return str(model._meta.model_name), str(target.pk)


def deed(action: str, target: Model | None = None, *, sort: str, scope: str | None = None, **more: Any) -> Deed:
    """What was done to this object, and who may read of it."""
    if target is not None:
        more = {"about": key_of(target), "words": str(target), **more}
    return Deed(action, sort, scope=discretion.scope_of(target) if scope is None else scope, **more)


@contextmanager
def at_the_end() -> Iterator[None]:
    """What `tell` and `write` are given inside is added when all else is done: whoever has the chain waits for nobody,
    so no two wait for each other. Where it breaks off nothing is added."""
    mark = _kept.set([])
    try:
        yield
        rows = _kept.get()
    finally:
        _kept.reset(mark)
    if rows:
        chain.append(rows)


def _add(rows: list[dict[str, Any]]) -> None:
    kept = _kept.get()
    if kept is not None:
        kept.extend(rows)
    elif rows:
        chain.append(rows)


def tell(action: str, target: Model | None = None, *, sort: str, who: Who | None = None, **more: Any) -> None:
    """Add an entry like `record`, and inside of `at_the_end` at its end."""
    _add([deed(action, target, sort=sort, **more).row(who or context.whoever())])


def record(
    action: str, target: Model | None = None, *, sort: str = Sort.BUTTON, who: Who | None = None, **more: Any
) -> AuditEntry:
    """Add an entry, in the transaction that is open, of which it should be the last statement.

    `more`: `reason`; `changes` (by field, before and after); `given` (what was asked for beside it); `about` and
    `words` where there is no row; `scope` where the object alone does not tell it; `outcome`. Everything is redacted.
    """
    (entry,) = chain.append([deed(action, target, sort=sort, **more).row(who or context.whoever())])
    return entry


def write(deeds: list[Deed]) -> None:
    """Add several entries of whoever acts, in one go; inside of `at_the_end` at its end."""
    who = context.whoever()
    _add([each.row(who) for each in deeds])


@contextmanager
def carried_out(what: Deed, who: Who | None = None) -> Iterator[None]:
    """Write the entry ahead of what is done inside, so that nothing is done without one; and another one, with what was
    said, where it is refused (OpsError) or breaks off."""
    who = who or context.whoever()
    chain.append([what.row(who)])
    try:
        yield
    except OpsError as error:
        _add_end(what, who, Outcome.REFUSED, str(error))
        raise
    except Exception as error:
        _add_end(what, who, Outcome.FAILED, type(error).__name__)
        raise


def _add_end(what: Deed, who: Who, outcome: Outcome, said: str) -> None:
    end = replace(what, outcome=outcome, changes={}, given={"said": said})
    try:
        chain.append([end.row(who)])
    except DatabaseError:  # what broke off may have broken the connection or its transaction
        log.exception("the audit trail lacks that “%s” was %s", what.action, outcome)
