"""Facts about incidents: the first time counts; what failed integrity or undo is one at once."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from incidents import signals
from incidents.models import FactKind, Incident, Watch
from incidents.services import facts, incidents
from smsops.models import Environment, Run, RunState
from tests.incidents.conftest import LATE


def test_a_fact_is_established_once_and_told_once(environment: Environment) -> None:
    incident, _ = incidents.report(environment, LATE)
    heard: list[Any] = []

    def hear(fact: Any, **_: Any) -> None:
        heard.append(fact)

    signals.fact_established.connect(hear)
    for text in ("Page 7 is torn.", "Page 8 is torn."):
        facts.establish(incident, FactKind.INTEGRITY_FAILED, text)
    assert [fact.text for fact in heard] == ["Page 7 is torn."]
    assert facts.known(incident) == {"integrity_failed"}
    assert incident.timeline.last().text == "An integrity check fails: Page 7 is torn."  # type: ignore[union-attr]


def test_the_last_change_and_the_release_are_written_down_when_trouble_is_noticed(environment: Environment) -> None:
    Watch.objects.create(environment=environment, release="1.18.1")
    done = {"kind": "deploy", "title": "Deploy", "disturbs": True, "state": RunState.SUCCEEDED}
    run = Run.objects.create(environment=environment, started_at=timezone.now(), **done)
    Run.objects.create(environment=environment, started_at=None, **done | {"state": RunState.PLANNED})
    incident = incidents.report(environment, LATE)[0]
    assert (incident.release, incident.change) == ("1.18.1", run)
    assert Incident.objects.get().issue == "service"
