"""Reading what was stored: each delivery exactly once, whoever dies meanwhile; what cannot be read is said aloud."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.utils import timezone

from backups.services import housekeeping
from incidents.models import Alert, Delivery, Incident
from incidents.services import alert_incidents, digestion, reception, unread
from smsops.models import Environment
from smsops.runs import leases
from tests.factories import make_alert, make_incident
from tests.intake.senders import Sender, alert, payload, sender, states
from tests.kills import die, killed


def killed_while_reading() -> None:
    connections.close_all()
    killed(digestion.digest_all)


alone = pytest.mark.django_db
with_others = pytest.mark.django_db(transaction=True)


@with_others
@pytest.mark.parametrize("where", ["follow", "fire"])
def test_a_reader_that_is_killed_in_the_middle_has_read_nothing_and_the_next_reads_it_once(
    environment: Environment, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prometheus = sender(environment)
    for host in range(5):
        prometheus.send(payload(alert(host=str(host))))
    with monkeypatch.context() as patch:
        patch.setattr(alert_incidents, where, die)
        killed_while_reading()
    assert (Delivery.objects.filter(state="new").count(), Alert.objects.count()) == (5, 0)
    assert digestion.digest_all() == 5
    assert set(Alert.objects.values_list("times", flat=True)) == {1}
    assert Incident.objects.get().timeline.count() == 2


@with_others
def test_a_reader_that_is_killed_after_the_end_has_read_it_for_good(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    prometheus = sender(environment)
    prometheus.send(payload(alert()))
    with monkeypatch.context() as patch:
        patch.setattr(leases, "release", die)
        killed_while_reading()
    assert digestion.digest_all() == 0
    assert (Alert.objects.get().times, Delivery.objects.get().state) == (1, "done")


@with_others
def test_nobody_reads_what_another_reads(environment: Environment) -> None:
    prometheus = sender(environment)
    prometheus.send(payload(alert()))
    held = leases.claim(f"alerts:{prometheus.source.pk}")
    assert held is not None
    assert digestion.digest_all() == 0
    leases.release(held)
    assert digestion.digest_all() == 1


@alone
def test_one_that_nobody_can_read_spoils_no_other_and_is_an_incident(
    prometheus: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = reception.payload

    def bad(source: Any, body: bytes) -> Any:
        if b"Bad" in body:
            raise KeyError("nobody thought of this")
        return real(source, body)

    for name in ("A", "Bad", "C"):
        prometheus.send(payload(alert(name)))
    monkeypatch.setattr(reception, "payload", bad)
    digestion.digest_all()
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["done", "done", "failed"]
    assert sorted(Alert.objects.values_list("name", flat=True)) == ["A", "C"]
    assert Incident.objects.get(fingerprint=f"unread:{prometheus.source.pk}").severity == "high"


@alone
def test_what_could_not_be_read_is_read_when_the_map_is_mended(environment: Environment) -> None:
    nagios = sender(environment, "generic", fields_map={"title": "service"})
    nagios.send({"service": "disk"})
    type(nagios.source).objects.update(fields_map={"title": "name"})
    digestion.digest_all()
    assert Incident.objects.get().state == "open"
    type(nagios.source).objects.update(fields_map={"title": "service"})
    assert unread.again(nagios.refresh()) == 1
    digestion.digest_all()
    assert (Alert.objects.get().name, Incident.objects.order_by("pk")[0].state) == ("disk", "resolved")


@alone
def test_while_the_database_is_away_nothing_is_given_up(prometheus: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("the server closed the connection")

    prometheus.send(payload(alert()))
    with monkeypatch.context() as patch:
        patch.setattr(alert_incidents, "follow", away)
        assert digestion.digest_all() == 0
    assert Delivery.objects.get().state == "new"
    digestion.digest_all()
    assert states() == ["firing"]


@alone
def test_one_sources_trouble_holds_up_no_other(
    environment: Environment, prometheus: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, other = digestion._apply, sender(environment, name="other")

    def away(source_id: int, *rest: Any) -> None:
        if source_id == prometheus.source.pk:
            raise OperationalError("deadlock detected")
        real(source_id, *rest)

    for each in (prometheus, other):
        each.send(payload(alert()))
    monkeypatch.setattr(digestion, "_apply", away)
    assert digestion.digest_all() == 1
    assert Alert.objects.get().source == other.source


@alone
def test_large_bodies_are_read_few_at_a_time(prometheus: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digestion, "BYTES", 1000)
    for _ in range(3):
        prometheus.send(payload(alert(), padding="x" * 2000))
    assert len(digestion._batch(prometheus.source.pk)) == 1
    assert digestion.digest_all() == 3


@alone
def test_bodies_that_were_read_are_removed_after_thirty_days(environment: Environment, prometheus: Sender) -> None:
    for state, days in [("done", 31), ("done", 29), ("new", 31), ("failed", 31), ("failed", 366)]:
        at = timezone.now() - timedelta(days=days)
        Delivery.objects.create(source=prometheus.source, body=b"", state=state, received_at=at)
    housekeeping.do_chores(environment)
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["done", "failed", "new"]


@alone
def test_alerts_that_have_been_over_for_long_are_removed_and_none_that_is_needed(
    environment: Environment, prometheus: Sender, settings: Any
) -> None:
    settings.SMSOPS_ALERT_DAYS = 30
    old, young = (timezone.now() - timedelta(days=days) for days in (31, 29))
    live, over = make_incident(environment), make_incident(environment, state="closed")
    for name, at, state, incident in [
        ("of a live incident", old, "resolved", live), ("young", young, "resolved", None),
        ("fires", old, "firing", None), ("stale", old, "stale", over),
        ("alone", old, "resolved", None), ("of a closed one", old, "resolved", over),
    ]:  # fmt: skip
        make_alert(prometheus.source, name=name, state=state, last_at=old, resolved_at=at, incident=incident)
    elsewhere = make_alert(state="resolved", resolved_at=old)
    housekeeping.do_chores(environment)
    left = set(Alert.objects.exclude(pk=elsewhere.pk).values_list("name", flat=True))
    assert left == {"of a live incident", "young", "fires", "stale"}


@alone
def test_a_hostile_payload_is_stored_read_and_shown_as_what_it_is(prometheus: Sender) -> None:
    evil = "<img src=x onerror=alert(1)>\u0000\ud800{{ 7 }}"
    bomb = {f"l{number}": "x" * 5000 for number in range(1000)}
    began = time.process_time()
    told = {"labels": {"alertname": evil, **bomb}, "annotations": {"summary": evil, "n": 10**400 - 1}}
    prometheus.tell({**alert(), **told})
    assert time.process_time() - began < 5
    found = Alert.objects.get()
    assert (found.name, len(found.labels)) == ("<img src=x onerror=alert(1)>?{{ 7 }}", 64)
