"""Escalations as rows: begun, moved by time, facts and people, ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from backups.models import BackupSchedule
from incidents.admin import incident_head
from incidents.models import (
    Channel,
    EscalationPolicy,
    FactKind,
    Incident,
    IncidentState,
    MaintenanceWindow,
    Page,
    PolicyLevel,
    Rota,
    Severity,
    Team,
)  # fmt: skip
from incidents.postmortems import verdicts
from incidents.services import escalations, facts, incidents, lifecycle, pages, stepping
from smsops.errors import WrongUse
from smsops.models import Environment
from tests.paging.conftest import Clock, asked, opened, running, stepped
from tests.paging.people import DOWN, contact, person, policy
from tests.smsops.crowd import together

pytestmark = pytest.mark.django_db


def news(incident: Incident) -> list[str]:
    found = Page.objects.filter(incident=incident, kind="news").select_related("user", "channel")
    return sorted(str(page.user or page.channel) for page in found)


def said(incident: Incident) -> str:
    return " ".join(incident.timeline.filter(kind="page").values_list("text", flat=True))


def delivered() -> None:
    """What was written has gone out."""
    Page.objects.filter(state="pending", next_at__lte=timezone.now()).update(state="sent")


def maintenance(environment: Environment) -> None:
    """Half an hour of it, from now on."""
    window = {"title": "New disks", "starts_at": timezone.now(), "minutes": 30}
    MaintenanceWindow.objects.create(environment=environment, **window)


@pytest.fixture
def two(environment: Environment, ada: User, bo: User) -> EscalationPolicy:
    """Ada at once, bo after fifteen minutes if it is not over."""
    return policy({"users": [ada]}, {"users": [bo], "after_minutes": 15, "condition": "unresolved"})


def test_levels_follow_each_other_with_reminders_between(clock: Clock, environment: Environment, two: Any) -> None:
    incident = opened(environment)
    for _ in range(4):
        stepped()
        clock.forward(minutes=5)
    assert asked(incident) == [("ada", 1), ("ada", 1), ("ada", 1), ("ada", 1), ("bo", 2)]


def test_a_step_is_done_by_one_of_many_who_try_at_once(
    transactional_db: None, environment: Environment, two: Any
) -> None:
    incident = opened(environment)
    number = running(incident).pk
    written = together(8, lambda: stepping.step(number))
    assert sorted(written) == [0] * 7 + [1]
    assert asked(incident) == [("ada", 1)]


def test_who_acknowledges_while_steps_are_made_is_not_paged_afterwards(
    transactional_db: None, environment: Environment, two: Any, ada: User
) -> None:
    incident = opened(environment)
    number = running(incident).pk
    first = iter([True])

    def act() -> None:
        if next(first, False):
            lifecycle.acknowledge(incident, ada)
        else:
            stepping.step(number)

    together(6, act)
    waiting = Page.objects.filter(incident=incident, kind="page", state="pending")
    assert not waiting.exists()
    assert Incident.objects.get().state == IncidentState.ACKNOWLEDGED


def test_what_is_paged_whoever_has_it_survives_an_acknowledgement(
    clock: Clock, environment: Environment, two: Any, ada: User
) -> None:
    incident = opened(environment)
    stepped()
    clock.forward(minutes=15)
    stepped()
    lifecycle.acknowledge(incident, ada)
    left = Page.objects.filter(incident=incident, state="pending", kind__in=pages.ASKS)
    assert [(str(page.user), page.kind) for page in left] == [("bo", "page")]


def test_an_acknowledged_incident_that_is_not_over_brings_the_next_level(
    clock: Clock, environment: Environment, two: Any, ada: User
) -> None:
    incident = opened(environment)
    stepped()
    lifecycle.acknowledge(incident, ada)
    clock.forward(minutes=15)
    stepped()
    assert asked(incident) == [("ada", 1), ("bo", 2)]


def test_nothing_is_left_to_send_of_one_that_is_resolved(clock: Clock, environment: Environment, two: Any) -> None:
    incident = opened(environment)
    stepped()
    lifecycle.resolve(incident, "Done.")
    assert not Page.objects.filter(state="pending", kind__in=pages.ASKS).exists()
    clock.forward(hours=1)
    assert stepped() == 0


def test_one_that_was_not_over_after_all_is_paged_anew(
    clock: Clock, environment: Environment, two: Any, ada: User
) -> None:
    incident = opened(environment)
    stepped()
    lifecycle.resolve(incident, "Done.")
    lifecycle.reopen(incident, "No.", ada)
    stepped()
    assert asked(incident) == [("ada", 1), ("ada", 1)]


def test_mitigated_and_then_not_after_all_is_paged_again(
    clock: Clock, environment: Environment, two: Any, ada: User
) -> None:
    incident = opened(environment)
    stepped()
    lifecycle.mitigated(incident, "It serves.", ada)
    stepped()
    assert running(incident).due_at is None
    lifecycle.reopen(incident, "No.", ada)
    stepped()
    assert asked(incident)[-1] == ("ada", 1)


def test_an_acknowledgement_lapses_and_its_owner_and_everybody_paged_are_asked_again(
    clock: Clock, environment: Environment, two: Any
) -> None:
    cleo, incident = person("cleo"), opened(environment)
    stepped()
    delivered()
    lifecycle.acknowledge(incident, cleo)
    clock.forward(minutes=15)
    stepped()
    clock.forward(minutes=45)
    stepped()
    assert Incident.objects.get().state == IncidentState.OPEN
    assert asked(incident) == [("ada", 1), ("bo", 2), ("cleo", 0), ("ada", 1), ("bo", 2)]
    assert not Page.objects.exclude(late="").exists()


def test_who_had_it_first_and_when_stays_though_the_acknowledgement_lapses_and_another_follows(
    clock: Clock, environment: Environment, two: Any, ada: User, bo: User
) -> None:
    incident = opened(environment)
    clock.forward(minutes=4)
    first = clock.now
    lifecycle.acknowledge(incident, bo)
    clock.forward(minutes=61)
    stepped()
    found = Incident.objects.get()
    assert (found.state, found.acknowledged_at, found.acknowledged_by, found.taken_at) == ("open", first, None, None)
    lifecycle.acknowledge(found, ada)
    clock.forward(minutes=59)  # the hour of the second one counts from the second one
    stepped()
    found = Incident.objects.get()
    assert (found.state, found.acknowledged_at, found.acknowledged_by) == ("acknowledged", first, ada)
    response = verdicts.of(found, {"lost": {}, "exposure": {}})[0]
    assert (response["verdict"], response["seconds"]) == ("met", pytest.approx(240, abs=5))
    assert incident_head.response(found, found.detected_at + timedelta(minutes=15)) == "after 4 min"


def test_an_acknowledgement_can_last_for_ever(clock: Clock, environment: Environment, ada: User) -> None:
    policy({"users": [ada]}, acknowledged_minutes=0)
    incident = opened(environment)
    stepped()
    lifecycle.acknowledge(incident, ada)
    clock.forward(days=3)
    stepped()
    assert Incident.objects.get().state == IncidentState.ACKNOWLEDGED


def test_a_lapse_while_somebody_resolves_it_stops_no_other_step(
    clock: Clock, environment: Environment, two: Any, ada: User
) -> None:
    incident = opened(environment)
    stepped()
    lifecycle.acknowledge(incident, ada)
    Incident.objects.update(state=IncidentState.RESOLVED)
    clock.forward(hours=2)
    assert stepped() == 0
    assert Incident.objects.get().state == IncidentState.RESOLVED


@pytest.mark.parametrize(("kind", "names"), [(FactKind.INTEGRITY_FAILED, ["ada", "bo"]), (FactKind.ROWS_LOST, ["ada"])])
def test_a_fact_brings_its_level_with_the_next_sweep(
    clock: Clock, environment: Environment, ada: User, bo: User, kind: FactKind, names: list[str]
) -> None:
    policy({"users": [ada]}, {"users": [bo], "condition": "integrity_failed"})
    incident = opened(environment)
    stepped()
    lifecycle.acknowledge(incident, ada)
    facts.establish(incident, kind, "PRAGMA integrity_check: row 5 missing")
    clock.forward(minutes=1)
    stepped()
    assert [name for name, _ in asked(incident)] == names


def test_who_cannot_take_it_brings_the_next_level_whatever_that_waits_for(
    clock: Clock, environment: Environment, ada: User, bo: User
) -> None:
    policy({"users": [ada]}, {"users": [bo], "condition": "integrity_failed"})
    incident = opened(environment)
    stepped()
    lifecycle.decline(incident, ada)
    stepped()
    assert asked(incident) == [("ada", 1), ("bo", 2)]


def test_a_level_that_is_brought_is_late_only_since_then(
    clock: Clock, environment: Environment, two: Any, ada: User
) -> None:
    incident = opened(environment)
    stepped()
    clock.forward(minutes=4)
    lifecycle.decline(incident, ada)
    stepped()
    assert Page.objects.get(level=2).late == ""


@pytest.mark.parametrize("paged", [False, True])
def test_what_a_level_that_was_brought_waits_for_still_counts(
    clock: Clock, environment: Environment, two: Any, ada: User, paged: bool
) -> None:
    incident = opened(environment)
    stepped()
    lifecycle.decline(incident, ada)
    if paged:
        stepped()
    lifecycle.acknowledge(incident, person("cleo"))
    assert not Page.objects.filter(state="pending", kind__in=pages.ASKS).exists()
    clock.forward(minutes=15)
    stepped()
    assert asked(incident) == [("ada", 1), *[("bo", 2)] * (2 if paged else 1)]


def test_a_fact_pages_a_level_that_was_brought_before_whoever_has_it(
    clock: Clock, environment: Environment, bo: User
) -> None:
    policy({"rotas": [Rota.objects.create(name="On-call")]}, {"users": [bo], "condition": "integrity_failed"})
    incident = opened(environment)
    stepped()
    stepped()
    delivered()
    lifecycle.acknowledge(incident, bo)
    facts.establish(incident, FactKind.INTEGRITY_FAILED, "PRAGMA integrity_check: row 5 missing")
    clock.forward(minutes=1)
    stepped()
    pages.recall(incident)
    left = Page.objects.filter(incident=incident, state="pending", kind="page")
    assert asked(incident) == [("bo", 2), ("bo", 2)]
    assert [str(page.user) for page in left] == ["bo"]


def test_who_cannot_take_what_somebody_has_just_taken_brings_nobody(
    environment: Environment, two: Any, ada: User, bo: User
) -> None:
    incident = opened(environment)
    stepped()
    stale = Incident.objects.get()
    lifecycle.acknowledge(incident, bo)
    with pytest.raises(WrongUse, match="It is acknowledged; nobody is asked any more"):
        lifecycle.decline(stale, ada)
    assert "brought" not in running(incident).policy["levels"][1]


def test_who_says_it_twice_or_late_skips_no_further_level(
    clock: Clock, environment: Environment, ada: User, bo: User
) -> None:
    cleo = person("cleo")
    policy({"users": [ada]}, {"users": [bo], "after_minutes": 10}, {"users": [cleo], "after_minutes": 60})
    incident = opened(environment)
    stepped()
    for _ in range(2):
        lifecycle.decline(incident, ada)
        stepped()
    assert asked(incident) == [("ada", 1), ("bo", 2)]


def test_a_level_that_reaches_nobody_brings_the_next_at_once(clock: Clock, environment: Environment, bo: User) -> None:
    policy({"rotas": [Rota.objects.create(name="On-call")]}, {"users": [bo], "after_minutes": 60})
    incident = opened(environment)
    stepped()
    stepped()
    assert asked(incident) == [("bo", 2)]
    assert "Level 1 reaches nobody" in said(incident)
    assert "nobody is on call in “On-call”" in said(incident)


def test_nobody_is_asked_twice_in_one_step_by_two_levels(
    clock: Clock, environment: Environment, ada: User, bo: User
) -> None:
    policy({"users": [ada]}, {"users": [ada, bo], "after_minutes": 5})
    incident = opened(environment)
    clock.forward(hours=1)
    stepped()
    assert asked(incident) == [("ada", 1), ("bo", 2)]


def test_people_who_were_deleted_since_are_told_of_and_the_others_are_paged(
    clock: Clock, environment: Environment, ada: User, bo: User
) -> None:
    policy({"users": [ada, bo]})
    incident = opened(environment)
    ada.delete()
    stepped()
    assert asked(incident) == [("bo", 1)]
    assert "somebody it names may not sign in any more" in said(incident)


def test_changes_of_the_policy_do_not_reach_what_goes_on(
    clock: Clock, environment: Environment, two: Any, bo: User
) -> None:
    incident = opened(environment)
    PolicyLevel.objects.filter(position=1).get().users.set([bo])
    EscalationPolicy.objects.update(enabled=False)
    stepped()
    assert asked(incident) == [("ada", 1)]


def test_a_policy_without_levels_is_passed_over(environment: Environment, two: Any) -> None:
    policy(name="Unfinished", environment=environment, issue="service")
    assert running(opened(environment)).policy["name"] == "Everything"


@pytest.mark.parametrize("names", [["here", "here and this"], ["this"], []])
def test_the_closest_policy_counts(environment: Environment, ada: User, names: list[str]) -> None:
    here: dict[str, Any] = {"environment": environment}
    this: dict[str, Any] = {"issue": "service"}
    kinds = {"any": {}, "here": here, "this": this, "here and this": here | this}
    for name in ["any", *names]:
        policy({"users": [ada]}, name=name, **kinds[name])
    assert running(opened(environment)).policy["name"] == (names[-1] if names else "any")


def test_a_drill_pages_nobody_and_tells_no_channel(environment: Environment, two: Any) -> None:
    Channel.objects.create(name="room", address="json://ops.example/")
    incident = opened(environment, replace(DOWN, drill=True))
    stepped()
    lifecycle.resolve(incident, "Over.")
    assert not Page.objects.exists()


def test_what_is_not_bad_enough_pages_nobody_until_it_is(clock: Clock, environment: Environment, two: Any) -> None:
    incident = opened(environment, replace(DOWN, severity=Severity.LOW))
    assert stepped() == 0
    incidents.set_severity(incident, Severity.HIGH, "Raised.")
    stepped()
    assert asked(incident) == [("ada", 1)]
    incidents.set_severity(incident, Severity.LOW, "It was a typo.")
    assert not incident.escalations.filter(ended_at=None).exists()


def test_a_maintenance_window_holds_pages_back_and_the_page_says_why_it_is_late(
    clock: Clock, environment: Environment, two: Any
) -> None:
    maintenance(environment)
    incident = opened(environment)
    stepped()
    assert asked(incident) == []
    assert "Nobody is paged as long as this holds: Maintenance: New disks" in said(incident)
    clock.forward(minutes=31)
    stepped()
    assert Page.objects.earliest("pk").late == "31 min late: Maintenance: New disks"


def test_a_window_holds_back_nothing_about_a_change_of_ours_that_went_wrong(
    clock: Clock, environment: Environment, two: Any
) -> None:
    maintenance(environment)
    incident = opened(environment, replace(DOWN, fingerprint="run:7", title="Deploy 2.0.0 needs a person"))
    stepped()
    assert asked(incident) == [("ada", 1)]


@pytest.mark.parametrize(
    ("kind", "names"),
    [("integrity_failed", ["ada"]), ("rows_lost", ["ada"]), ("exposure_confirmed", ["ada"]),
     ("undo_failed", ["ada"]), ("cause_known", [])],
)  # fmt: skip
def test_a_fact_that_says_more_than_sms_being_away_ends_the_quiet_of_a_window_at_once(
    clock: Clock, environment: Environment, two: Any, kind: str, names: list[str]
) -> None:
    maintenance(environment)
    incident = opened(environment)
    assert stepped() == 0
    facts.establish(incident, FactKind(kind), "Five rows are missing.")
    stepped()
    assert [name for name, _ in asked(incident)] == names


def test_after_an_outage_a_page_says_how_late_it_is_and_why(clock: Clock, environment: Environment, two: Any) -> None:
    incident = opened(environment)
    clock.forward(minutes=7)
    stepping.step(running(incident).pk, "nobody was there to do it from 03:02:00 to 03:09:00")
    assert Page.objects.get().late == "7 min late: nobody was there to do it from 03:02:00 to 03:09:00"


def test_office_hours_are_those_of_the_environment(clock: Clock, environment: Environment, ada: User) -> None:
    BackupSchedule.objects.create(environment=environment, time_zone="Pacific/Kiritimati")  # UTC+14
    clock.now = clock.now.replace(year=2026, month=3, day=4, hour=17, minute=0)  # Thursday 07:00 there
    policy({"users": [ada], "office_hours": True})
    incident = opened(environment)
    assert stepped() == 0
    clock.forward(hours=1)
    stepped()
    assert asked(incident) == [("ada", 1)]


def test_who_acts_is_not_told_what_they_did_and_the_others_are(
    clock: Clock, environment: Environment, ada: User, bo: User
) -> None:
    policy({"users": [ada, bo]})
    incident = opened(environment)
    stepped()
    delivered()
    lifecycle.acknowledge(incident, ada)
    assert news(incident) == ["bo"]


def test_who_left_and_ways_that_were_switched_off_are_told_nothing(
    environment: Environment, ada: User, bo: User
) -> None:
    way = contact(bo)
    policy({"users": [ada, bo]})
    incident = opened(environment)
    stepped()
    delivered()
    User.objects.filter(pk=ada.pk).update(is_active=False)
    type(way).objects.update(enabled=False)
    lifecycle.resolve(incident, "Done.")
    assert news(incident) == []


def test_channels_hear_of_what_is_opened_and_nothing_of_what_is_private(environment: Environment, two: Any) -> None:
    Channel.objects.create(name="room", address="json://ops.example/")
    incident = opened(environment)
    assert news(incident) == ["room"]
    Incident.objects.update(private=True)
    incident.refresh_from_db()
    stepped()
    lifecycle.resolve(incident, "The key was rotated.")
    assert news(incident) == ["room"]
    assert "does not answer" not in Page.objects.get(kind="page").text


def test_a_person_is_reached_by_the_first_way_at_once_and_by_the_others_later(
    environment: Environment, ada: User
) -> None:
    contact(ada, label="phone", after_minutes=7)
    contact(ada, label="mail", after_minutes=2)
    policy({"users": [ada]})
    opened(environment)
    stepped()
    waits = {
        page.contact.label: page.next_at - timezone.now()
        for page in Page.objects.select_related("contact")
        if page.contact
    }
    assert waits["mail"] <= timedelta() < timedelta(minutes=4) < waits["phone"] <= timedelta(minutes=5)


def test_a_way_for_worse_things_is_not_used_but_the_person_is_reached(environment: Environment, ada: User) -> None:
    contact(ada, least=Severity.CRITICAL)
    policy({"users": [ada]})
    opened(environment, replace(DOWN, severity=Severity.MEDIUM))
    stepped()
    assert [(page.contact, str(page.user)) for page in Page.objects.all()] == [(None, "ada")]


def test_a_team_is_paged_together_and_nobody_twice(environment: Environment, ada: User, bo: User) -> None:
    team = Team.objects.create(name="CTO")
    team.members.set([ada, bo])
    policy({"teams": [team], "users": [ada]})
    incident = opened(environment)
    stepped()
    assert sorted(asked(incident)) == [("ada", 1), ("bo", 1)]


def test_a_storm_of_signs_of_one_cause_pages_everybody_once(environment: Environment, two: Any) -> None:
    for number in range(50):
        incidents.report(environment, replace(DOWN, detail=f"sign {number}"))
    stepped()
    assert asked(Incident.objects.get()) == [("ada", 1)]


def test_a_title_from_outside_stays_one_line_of_plain_text(environment: Environment, two: Any) -> None:
    opened(environment, replace(DOWN, title="Down\r\nBcc: eve@evil.example\x1b[2J\u202e <b>"))
    stepped()
    first = Page.objects.get(kind="page").text.partition("\n")[0]
    assert first.isprintable()
    assert "\u202e" not in first


def test_reopening_the_escalation_of_a_running_one_makes_no_second(environment: Environment, two: Any) -> None:
    incident = opened(environment)
    assert escalations.begin(incident) == running(incident)
