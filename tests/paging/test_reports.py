"""What people report and establish by hand: paged as what smsops notices, private from the first moment, or a drill."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from incidents.models import Channel, Escalation, FactKind, Incident, Page, PostMortem
from incidents.postmortems import drafting
from incidents.services import facts, lifecycle, reports
from incidents.services.reports import Report
from smsops.errors import WrongUse
from smsops.models import Environment
from tests.paging.conftest import Clock, asked, stepped
from tests.paging.people import policy

pytestmark = pytest.mark.django_db

STOLEN = Report("The keys were stolen", "critical", "security", "They are on a public page.")


@pytest.fixture
def room(db: None) -> Channel:
    return Channel.objects.create(name="room", address="json://ops.example/")


@pytest.mark.parametrize(("private", "told"), [(False, ["ada", "room"]), (True, ["ada"])])
def test_what_a_person_reports_is_paged_and_what_is_private_has_no_title_anywhere(
    environment: Environment, ada: User, bo: User, room: Channel, private: bool, told: list[str]
) -> None:
    policy({"users": [ada]})
    incident = reports.report(environment, _private() if private else STOLEN, bo)
    stepped()
    pages = list(Page.objects.select_related("user", "channel").order_by("-kind"))
    assert sorted(str(page.user or page.channel) for page in pages) == told
    assert [("stolen" in page.text, "public page" in page.text) for page in pages] == [(not private,) * 2] * len(told)
    assert ("stolen" in str(incident)) == (not private)


def _private() -> Report:
    return Report(STOLEN.title, STOLEN.severity, STOLEN.issue, STOLEN.seen, private=True)


def test_a_drill_pages_nobody_and_is_drafted_as_a_drill(
    environment: Environment, ada: User, bo: User, room: Channel
) -> None:
    policy({"users": [ada]})
    told = Report("SMS is down, for practice", "critical", drill=True)
    incident = reports.report(environment, told, bo)
    lifecycle.resolve(incident, "Played to its end.", bo)
    drafting.measure_all()
    assert (stepped(), Page.objects.count(), Escalation.objects.count()) == (0, 0, 0)
    assert PostMortem.objects.get().measured["head"]["drill"]


def test_who_reports_the_same_joins_it_but_never_a_private_one_or_a_drill(environment: Environment, bo: User) -> None:
    first = reports.report(environment, STOLEN, bo)
    again = Report(" the KEYS were  stolen", "critical", seen="Once more.")
    assert reports.report(environment, again, bo) == first
    others = {reports.report(environment, _private(), bo) for _ in range(2)}
    others.add(reports.report(environment, Report(STOLEN.title, "critical", drill=True), bo))
    assert (len(others), Incident.objects.count()) == (3, 4)
    assert list(first.timeline.filter(kind="sign").values_list("text", "author")) == [
        ("They are on a public page.", "bo"), ("Once more.", "bo"),
    ]  # fmt: skip


def test_a_fact_that_a_person_establishes_brings_the_level_that_waits_for_it(
    environment: Environment, ada: User, bo: User
) -> None:
    policy({"users": [ada]}, {"users": [bo], "condition": "exposure_confirmed"})
    incident = reports.report(environment, STOLEN, ada)
    stepped()
    lifecycle.acknowledge(incident, ada)
    reports.establish(incident, "exposure_confirmed", "Somebody signed in with it.", ada)
    stepped()
    assert asked(incident) == [("ada", 1), ("bo", 2)]


@pytest.mark.parametrize(("known", "names"), [(False, ["ada", "bo"]), (True, ["ada"])])
def test_a_cause_that_a_person_knows_ends_what_waits_for_it(
    clock: Clock, environment: Environment, ada: User, bo: User, known: bool, names: list[str]
) -> None:
    policy({"users": [ada]}, {"users": [bo], "after_minutes": 20, "condition": "cause_unknown"})
    incident = reports.report(environment, STOLEN, ada)
    stepped()
    lifecycle.acknowledge(incident, ada)
    if known:
        reports.establish(incident, "cause_known", "The disk is full.", ada)
    clock.forward(minutes=20)
    stepped()
    assert [name for name, _ in asked(incident)] == names
    assert Incident.objects.get().cause == ("The disk is full." if known else "")


def test_what_is_known_measured_closed_or_not_said_is_refused(environment: Environment, bo: User) -> None:
    incident = reports.report(environment, STOLEN, bo)
    facts.establish(incident, FactKind.ROWS_LOST, "12 students")
    for kind, text, why in (("rows_lost", "13", "is known already"), ("serves_again", "x", "smsops measures it"),
                            ("cause_known", " ", "Say what it is")):  # fmt: skip
        with pytest.raises(WrongUse, match=why):
            reports.establish(incident, kind, text, bo)
    Incident.objects.update(state="closed")
    with pytest.raises(WrongUse, match="It is closed"):
        reports.establish(incident, "cause_known", "The disk.", bo)
    with pytest.raises(WrongUse, match="Say what is wrong"):
        reports.report(environment, Report("  ", "low"), bo)
