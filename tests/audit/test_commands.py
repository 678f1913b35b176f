"""Commands: whatever changes something is in the trail before it begins, with the account and the host as who."""

from __future__ import annotations

import io
import os
import pwd
import socket
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import Any

import pytest

from incidents.commands.incident import ACTS
from smsops.models import AuditEntry
from smsops.models.audit import Sort
from smsops.ops.audited import recorded
from smsops.ops.output import Output
from smsops.ops.registry import VERBS, Verb
from tests.audit.trail import newest, whole_text
from tests.factories import CANARY, make_environment, make_incident, make_run, make_user
from tests.ops.terminal import Terminal

# What only reads, with any words, or with these alone. A new verb is in the trail unless it says that it reads; then it
# belongs here.
READS = {
    "actions", "alerts", "backups", "dora", "door-rules", "log", "logs", "moments", "monitoring", "objectives",
    "oncall", "playbooks", "rto", "run", "runs", "search", "sources", "status",
    "incident list", "incident playbook", "incident show", "incident verify", "incident ways",
    # without the word that makes a change of it
    "approve", "config", "env list", "offsite list", "postmortem", "releases", "schedule", "tasks", "vault status",
    "audit verify", "own-backup list", "people list", "token list",
}  # fmt: skip
ME = f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"


def value_of(action: Any) -> Any:
    """Something this word may be, for words that must be given."""
    if action.choices:
        return next(iter(action.choices))
    return 1 if action.type is int else "x"


def typed(verb: Verb) -> Iterator[tuple[str, Namespace]]:
    """The verb with the fewest words, once for each of its choices of what to do."""
    parser = ArgumentParser()
    verb.arguments(parser)
    words = {each.dest: each.default for each in parser._actions if each.dest != "help"}
    needed = [each for each in parser._actions if each.required or (not each.option_strings and each.nargs is None)]
    words |= {each.dest: value_of(each) for each in needed if each.dest not in ("help", "act")}
    if verb.name == "audit":
        yield from (
            (f"audit {what}", Namespace(**{**words, "environment": what})) for what in ("verify", "export", "x")
        )
    elif "action" in words:
        (what,) = [each for each in parser._actions if each.dest == "action"]
        yield from ((f"{verb.name} {each}", Namespace(**{**words, "action": each})) for each in what.choices or ())
    elif verb.name == "incident":
        for name, act in ACTS.items():
            yield from ((f"incident {name}", Namespace(**vars(args), act=name)) for _, args in typed(act))
    else:
        yield verb.name, Namespace(**words)


EVERY = {name: (verb, args) for verb in VERBS.values() for name, args in typed(verb)}


def test_these_tests_know_what_only_reads() -> None:
    assert {name for name, (verb, args) in EVERY.items() if not verb.changes(args)} == READS


@pytest.mark.django_db
@pytest.mark.parametrize("name", EVERY)
def test_a_command_is_in_the_trail_unless_it_only_reads(name: str) -> None:
    verb, args = EVERY[name]
    with recorded(verb, args, Output(io.StringIO(), io.StringIO(), as_json=False)):
        found = [(each.action, each.who, each.door) for each in AuditEntry.objects.all()]
    assert found == ([] if name in READS else [(f"ops.{name.replace(' ', '.') if _has_acts(name) else verb.name}", ME,
                                                "command")])  # fmt: skip


def _has_acts(name: str) -> bool:
    return name.startswith("incident ") or name == "audit export"


def test_what_a_command_did_is_told_with_object_and_reason(ops: Terminal) -> None:
    environment = make_environment()
    assert ops("schedule", environment.name, "--pause", "2", "--reason", f"password={CANARY}").code == 0
    entry = newest("ops.schedule")
    assert (entry.about, entry.who, entry.address) == (f"environment:{environment.pk}", ME, socket.gethostname())
    assert entry.given["pause"] in (2, "2.0")
    assert CANARY not in whole_text()


def test_a_command_about_a_run_names_the_run_and_its_cancelling(ops: Terminal) -> None:
    run = make_run(state="queued")
    ops("cancel", run.pk, "--reason", "not now")
    found = AuditEntry.objects.filter(kind="run", number=str(run.pk)).order_by("sequence")
    assert [(each.action, each.who, each.reason) for each in found] == [
        ("ops.cancel", ME, "not now"), ("run.cancel", ME, "not now"),
    ]  # fmt: skip


def test_a_command_that_is_refused_says_so(ops: Terminal) -> None:
    assert ops("cancel", make_run().pk).code == 2
    assert newest("ops.cancel").outcome == "refused"


def test_an_act_on_an_incident_has_its_number_and_whose_name_it_was_done_in(ops: Terminal) -> None:
    incident, user = make_incident(), make_user("incidents.acknowledge_incident")
    assert ops("incident", "note", incident.pk, "free text", "--user", user.username).code == 0
    entry = newest("ops.incident.note")
    assert (entry.about, entry.scope) == (f"incident:{incident.pk}", f"incident:{incident.pk}")
    assert entry.given == {"number": incident.pk, "act": "note", "user": user.username}


def test_reading_leaves_nothing(ops: Terminal) -> None:
    ops("runs")
    ops("status")
    ops("incident")
    assert not AuditEntry.objects.filter(sort=Sort.COMMAND).exists()
