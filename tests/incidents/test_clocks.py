"""The clocks of an incident are corrected with a trace, never out of order, never into the future."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from incidents.models import ClockCorrection, Incident, PostMortem
from incidents.postmortems import drafting
from incidents.services import clocks, incidents, lifecycle
from smsops.errors import WrongUse
from smsops.models import Environment
from tests.incidents.conftest import LATE

NOON = timezone.now().replace(microsecond=0) - timedelta(hours=6)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.fixture
def over(environment: Environment, somebody: User) -> Incident:
    """Detected at noon, acknowledged 5 minutes later, mitigated after 20, resolved after 40."""
    incident = incidents.report(environment, LATE)[0]
    lifecycle.acknowledge(incident, somebody)
    lifecycle.resolve(incident, "Over.", somebody)
    moments = {"detected_at": at(0), "acknowledged_at": at(5), "mitigated_at": at(20), "resolved_at": at(40)}
    Incident.objects.update(**moments)
    return Incident.objects.get()


def test_a_correction_says_who_when_what_it_was_and_why(over: Incident, somebody: User) -> None:
    clocks.correct(over, "detected_at", at(-3), somebody, "The teacher called; password=hunter2")
    found = ClockCorrection.objects.get()
    assert (found.clock, found.was, found.now, found.author) == ("detected_at", at(0), at(-3), "ada")
    assert found.reason.startswith("The teacher called")
    assert "hunter2" not in found.reason + over.timeline.latest("pk").text
    assert over.timeline.latest("pk").text.startswith(
        f"Detected corrected from {timezone.localtime(at(0)):%Y-%m-%d %H:%M:%S}"
    )
    assert Incident.objects.get().detected_at == at(-3)


@pytest.mark.parametrize(
    ("clock", "minutes", "told"),
    [
        ("began_at", 1, "is after it was detected"),
        ("detected_at", 6, "is after it was acknowledged"),
        ("acknowledged_at", -1, "is before it was detected"),
        ("mitigated_at", 4, "is before it was acknowledged"),
        ("mitigated_at", 41, "is after it was resolved"),
        ("resolved_at", 19, "is before it was mitigated"),
        ("resolved_at", 10_000, "is in the future"),
        ("detected_at", 0, "already"),
    ],
)
def test_no_clock_is_out_of_order_or_in_the_future(
    over: Incident, somebody: User, clock: str, minutes: float, told: str
) -> None:
    with pytest.raises(WrongUse, match=told):
        clocks.correct(over, clock, at(minutes), somebody, "I think so.")
    assert not ClockCorrection.objects.exists()


def test_a_clock_nobody_has_passed_is_not_set_and_a_reason_is_given(environment: Environment, somebody: User) -> None:
    incident = incidents.report(environment, LATE)[0]
    with pytest.raises(WrongUse, match="nobody can say yet"):
        clocks.correct(incident, "resolved_at", timezone.now(), somebody, "Soon.")
    with pytest.raises(WrongUse, match="Say why"):
        clocks.correct(incident, "began_at", at(0), somebody, " ")
    clocks.correct(incident, "began_at", at(0), somebody, "The first error in the log.")
    assert Incident.objects.get().began_at == at(0)


def test_when_somebody_first_had_it_can_be_corrected_though_nobody_has_it(over: Incident, somebody: User) -> None:
    lifecycle.reopen(over, "It was not.", somebody)
    clocks.correct(over, "acknowledged_at", at(3), somebody, "By telephone.")
    with pytest.raises(WrongUse, match="nobody can say yet"):
        clocks.correct(over, "mitigated_at", at(20), somebody, "Perhaps.")
    assert Incident.objects.get().acknowledged_at == at(3)


def test_the_post_mortem_learns_of_a_correction(over: Incident, somebody: User) -> None:
    begun = drafting.begin(over)
    drafting.measure(begun.pk)
    clocks.correct(over, "mitigated_at", at(10), somebody, "It served from then on.")
    assert drafting.measure_all() == 1
    found = PostMortem.objects.get()
    assert datetime.fromisoformat(found.measured["clocks"]["mitigated_at"]) == at(10)
