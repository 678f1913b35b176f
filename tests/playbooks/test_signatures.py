"""Which playbook fits, and why; and what a playbook may say at all."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from incidents.expressions import searching
from incidents.models import FactKind, Incident, Playbook, PlaybookVersion
from incidents.services import evidence, facts, playbook_rules, playbooks, suggestions
from smsops.models import Environment
from tests.factories import make_incident
from tests.playbooks.conftest import shipping

pytestmark = pytest.mark.usefixtures("shipped")
SEEN: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "crash-loop": ({"title": "SMS is in a crash loop"}, {"events.txt": "2026-01-01 00:00:00.1 die 1\n"}),
    "errors": ({"title": "SMS is unhealthy"}, {"health.txt": "GET /health: HTTP 500 in 3 ms\n"}),
    "database": ({"title": "Requests hang"}, {"log.txt": "sqlite3.OperationalError: database is locked\n"}),
    "logins": ({"title": "Logins fail since SECRET_KEY changed"}, {}),
    "frontend": ({"title": "Users see a blank page"}, {"log.txt": '"GET /assets/x.js HTTP/1.1" 404 Not Found\n'}),
}


def seen(environment: Environment, key: str) -> Incident:
    fields, pieces = SEEN[key]
    incident = make_incident(environment, **fields)
    for name, text in pieces.items():
        evidence.keep(incident, name, text)
    return incident


@pytest.mark.parametrize("key", SEEN)
def test_each_kind_of_incident_is_told_by_what_was_seen(environment: Environment, key: str) -> None:
    found = suggestions.of(seen(environment, key))
    assert found[0].version.playbook.key == key
    assert all(found[0].points > each.points for each in found[1:])


def test_the_reasons_quote_what_was_found(environment: Environment) -> None:
    (best, *_) = suggestions.of(seen(environment, "database"))
    assert best.reasons == ("its log (“database is locked”)",)
    assert suggestions.guess(seen(environment, "errors")).startswith(
        "It looks like “API returns 500 on all endpoints”: "
    )


def test_a_fact_speaks_as_well(environment: Environment) -> None:
    incident = make_incident(environment, title="Something")
    assert suggestions.of(incident) == []
    facts.establish(incident, FactKind.INTEGRITY_FAILED, "row 7 missing from index")
    assert suggestions.of(incident)[0].version.playbook.key == "database"


def test_evidence_that_was_changed_says_nothing(environment: Environment) -> None:
    incident = seen(environment, "database")
    with open(incident.evidence.get().path, "a") as file:  # noqa: PTH123
        file.write("more")
    assert suggestions.of(incident) == []


def test_patterns_that_go_astray_hold_up_neither_the_page_nor_other_playbooks(environment: Environment) -> None:
    astray = [{"in": "log", "pattern": f"(a+)+{end}$"} for end in range(40)]
    playbook = Playbook.objects.create(key="astray", title="Astray")
    PlaybookVersion.objects.create(playbook=playbook, number=1, symptom="", signature=astray)
    incident = make_incident(environment)
    evidence.keep(incident, "log.txt", "a" * 50_000 + "!\ndatabase is locked\n")
    began = time.monotonic()
    judged = {each.version.playbook.key: each for each in suggestions.judged(incident)}
    assert time.monotonic() - began < searching.BACKSTOP + 5
    told = judged["astray"].unread
    assert told[0].startswith("“(a+)+0$” of “Astray” was not looked for: ")
    assert len(told) == 40
    assert judged["database"].reasons == ("its log (“database is locked”)",)


def test_a_playbook_that_is_switched_off_is_not_suggested(environment: Environment) -> None:
    Playbook.objects.update(enabled=False)
    assert suggestions.of(seen(environment, "errors")) == []


@pytest.mark.parametrize("key", shipping.SHIPPED)
def test_what_is_shipped_is_without_mistakes(key: str) -> None:
    assert playbook_rules.mistakes(shipping.SHIPPED[key]) == {}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"signature": [{"in": "dreams", "pattern": "x"}]}, "“in” is one of log,"),
        ({"signature": [{"in": ["log"], "pattern": "x"}]}, "“in” is one of log,"),
        ({"signature": [{"in": "log", "pattern": "("}]}, "“pattern”: It is no regular expression: missing"),
        ({"signature": [{"in": "log", "pattern": "(a+)+$"}]}, "“pattern”: It took more than 0.5 s"),
        ({"signature": [{"in": "log", "pattern": "x" * 301}]}, "at most 300 characters"),
        ({"signature": [{"in": "log", "pattern": "x", "points": True}]}, "“points” is a number"),
        ({"signature": ["x"]}, 'it is not like {"do": "…"}'),
        ({"signature": {"in": "log"}}, "It is a list of at most 40"),
        ({"diagnosis": [{"do": "rm -rf"}]}, "“do” is one of changes, check"),
        ({"diagnosis": [{"do": "log"}]}, "“log” wants “pattern”"),
        ({"diagnosis": [{"do": "ending", "helps": ["pray"]}]}, "“helps” is a list of restart"),
        ({"responses": [{"do": "pray"}]}, "“do” is one of restart"),
        ({"responses": [{"do": {}}]}, "“do” is one of restart"),
        ({"responses": [{"do": "more_memory", "memory_mb": "8"}]}, "“memory_mb” is a number"),
    ],
)
def test_a_mistake_is_one_sentence(said: dict[str, Any], told: str) -> None:
    whole = {"signature": [], "diagnosis": [], "responses": [], **said}
    (name,) = said
    assert told in " ".join(playbook_rules.mistakes(whole)[name])


def test_an_edit_is_a_new_version_and_the_same_again_is_none() -> None:
    playbook = Playbook.objects.get(key="errors")
    first = playbooks.find("errors")
    said = {**first.said, "fallback": "Call somebody."}
    assert playbooks.edit(playbook, said, "ada").number == 2
    assert playbooks.edit(playbook, said, "ada").number == 2
    assert PlaybookVersion.objects.get(pk=first.pk).fallback == first.fallback


def test_what_an_operator_changed_stays_when_it_is_shipped_again() -> None:
    playbook = Playbook.objects.get(key="errors")
    playbooks.edit(playbook, {**playbooks.find("errors").said, "fallback": "Call somebody."}, "ada")
    Playbook.objects.filter(key="logins").delete()
    shipping.ship(apps, connection.schema_editor())
    assert playbooks.find("errors").fallback == "Call somebody."
    assert playbooks.find("logins").number == 1
    shipping.take_back(apps, connection.schema_editor())
    assert set(Playbook.objects.values_list("key", flat=True)) == {"errors"}
