"""`ops incident`: severity, roles, clocks, lines, and what is private."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from incidents.models import Incident
from tests.factories import (
    make_action_item,
    make_alert,
    make_environment,
    make_incident,
    make_postmortem,
    make_run,
    make_user,
    make_watch,
)
from tests.ops.terminal import Terminal


@pytest.fixture
def ada(transactional_db: None) -> User:
    return make_user(username="ada")


@pytest.fixture
def boss(transactional_db: None) -> User:
    return make_user("incidents.see_private_incident", username="boss")


def test_an_incident_is_worked_on_from_a_terminal(ops: Terminal, ada: User) -> None:
    number, user = make_incident().pk, ("--user", "ada")
    make_user(username="bob")
    assert ops("incident", "severity", number, "low", *user).code == 2
    assert ops("incident", "severity", number, "low", "One typo.", *user).code == 0
    ops("incident", "role", number, "commander", *user)
    ops("incident", "role", number, "scribe", "bob", *user)
    ops("incident", "note", number, "We wait.", *user)
    early = (timezone.now() - timedelta(hours=1)).isoformat()
    said = ops("incident", "clock", number, "began", early, "The log says so.", *user)
    assert (said.code, said.lines[0][:4]) == (0, "Low:")
    assert "Roles: commander ada, scribe bob." in said.out
    assert [line for line in said.lines if "ada: We wait." in line]
    assert "ada" in ops("incident").out


def test_resolving_while_something_is_red_asks_why(ops: Terminal, ada: User) -> None:
    incident = make_incident(issue="service")
    make_watch(incident.environment, status="down", ready=False, detail="refused")
    words = ("incident", "resolve", incident.pk, "Fixed.", "--user", "ada")
    refused = ops(*words)
    assert (refused.code, "Say why it is over nevertheless" in refused.complaint) == (2, True)
    assert "Contradicted: SMS is down: refused." in ops(*words, "--although", "The probe is wrong.").out


READING = ["incident", "incident list --json", "status --json", "search keys", "actions --all", "alerts --all",
           "objectives --json", "incident show {}", "postmortem {}", "incident playbook {}", "incident ways {} --seen",
           "incident resolve {} x --user ada", "incident bundle {} --out /nowhere/x"]  # fmt: skip


def test_what_is_private_is_on_no_terminal_but_in_the_name_of_who_may_see_it(
    ops: Terminal, ada: User, boss: User
) -> None:
    incident = make_incident(title="The keys were stolen", private=True, resolution="keys", resolved_at=timezone.now())
    make_action_item(incident, title="Rotate the keys")
    look = make_run(incident.environment, kind="diagnosis", title="The keys", params={"incident": incident.pk})
    make_alert(incident=incident, name="keys", text="keys")
    make_postmortem(incident, texts={"cause": "keys"}, searchable="keys")
    for words in READING:
        asked = words.format(incident.pk).split()
        for eyes in ([], ["--as", "ada"]) if "--user" not in asked else ([],):
            said = ops(*asked, *eyes)
            assert "keys" not in (said.out + said.err).replace("search keys", ""), words
    assert "keys were stolen" in ops("incident", "show", incident.pk, "--as", "boss").out
    assert "Rotate the keys" in ops("actions", "--as", "boss").out
    assert f'"incident": {incident.pk}' in ops("incident", "ways", incident.pk, "--seen", "--json", "--as", "boss").out
    assert [ops(*verb).out.count("The keys") for verb in (("runs",), ("run", look.pk))] == [0, 0]
    assert ["The keys" in ops(*verb, "--as", "boss").out for verb in (("runs",), ("run", look.pk))] == [True, True]
    assert "There is no incident" in ops("incident", "private", incident.pk, "x", "--user", "ada").complaint


def test_private_is_said_and_unsaid(ops: Terminal, boss: User) -> None:
    number = make_incident().pk
    assert "private" in ops("incident", "private", number, "Keys.", "--user", "boss").lines[0]
    assert str(number) not in ops("incident").out
    ops("incident", "private", number, "Rotated.", "--no-more", "--user", "boss")
    assert not Incident.objects.get().private


def test_a_name_nobody_has_is_named(ops: Terminal, ada: User) -> None:
    number = make_incident().pk
    assert ops("incident", "acknowledge", number).complaint == (
        "Say who does it: --user NAME, the name of an active user."
    )
    for words in (("acknowledge", number, "--user", "eve"), ("show", number, "--as", "eve"),
                  ("role", number, "scribe", "eve", "--user", "ada")):  # fmt: skip
        assert ops("incident", *words).complaint == "There is no active user “eve”."


def test_a_person_reports_what_smsops_did_not_notice_and_establishes_what_it_cannot_know(
    ops: Terminal, ada: User, boss: User
) -> None:
    place, user = make_environment(name="school"), ("--user", "ada")
    words = ("incident", "report", "school", "Nobody can sign in", "--severity", "high", "--issue", "security")
    assert "Say who does it" in ops(*words).complaint
    said = ops(*words, "--seen", "Three teachers called.", *user)
    assert (said.code, said.lines[0]) == (0, "High: Nobody can sign in (Open)")
    assert [line for line in said.lines if "ada: Three teachers called." in line]
    incident = Incident.objects.get()
    assert (incident.environment, incident.issue, incident.private) == (place, "security", False)
    known = ("incident", "fact", incident.pk, "exposure_confirmed", "The key is on a public page.", *user)
    assert (ops(*known).code, incident.facts.get().by) == (0, "ada")
    assert ops(*known).complaint == "“The exposure is confirmed” is known already."


@pytest.mark.parametrize(("name", "seen"), [("ada", False), ("boss", True)])
def test_who_reports_a_private_one_sees_it_only_where_they_may(
    ops: Terminal, ada: User, boss: User, name: str, seen: bool
) -> None:
    make_environment(name="school")
    words = ("incident", "report", "school", "The keys were stolen", "--severity", "critical", "--private")
    said = ops(*words, "--user", name)
    assert (said.code, "keys" in said.out, Incident.objects.get().private) == (0, seen, True)
