"""What is wrong now: gravest first, each with the one thing that helps, and a sentence when nothing is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from incidents.models import Incident, IncidentState
from smsops.models import RunState
from tests.admin.browser import Page, door
from tests.admin.scenes import incident
from tests.dashboard.pages import a_well_environment, dashboard, dashboard_of, section
from tests.factories import (
    make_admin,
    make_backup,
    make_environment,
    make_incident,
    make_run,
    make_user,
    make_viewer,
    make_watch,
)

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def titles(page: Page) -> list[str]:
    """Of the lines, in their order."""
    known = ("SMS does not answer", "SMS does not serve", "too old", "A page is slow", "The bell rings", "Nobody looks")
    lines = [each.text for each in page.all("span", "line")]
    return [each for line in lines for each in known if each in line]


def test_when_nothing_is_wrong_a_sentence_says_so_and_when_it_was_looked_at() -> None:
    a_well_environment(title="The school")
    told = section(dashboard(), "All is well")
    assert "SMS serves at The school, and its last good backup is younger than the RPO." in told
    assert "No incident is open. Looked at" in told


def test_of_several_the_sentence_counts_them() -> None:
    a_well_environment()
    a_well_environment()
    said = "SMS serves at all 2 environments, and every last good backup is younger than its RPO."
    assert said in section(dashboard(), "All is well")


@pytest.mark.parametrize(
    ("status", "said"), [("absent", "Nobody looks whether SMS serves"), ("degraded", "SMS serves, but not well")]
)
def test_where_sms_was_not_seen_to_serve_nobody_says_that_all_is_well(status: str, said: str) -> None:
    make_watch(make_backup().environment, status=status, ready=status == "degraded")
    page = dashboard()
    assert "All is well" not in page.text
    assert said in section(page, "Wrong now")


def test_while_a_run_disturbs_sms_nobody_says_that_it_serves() -> None:
    environment = a_well_environment()
    make_run(environment, kind="restore", state=RunState.RUNNING, disturbs=True)
    page = dashboard()
    assert "All is well" not in page.text
    assert "being changed" in page.text


def test_who_may_not_see_incidents_is_not_told_that_none_is_open() -> None:
    a_well_environment()
    assert "No incident" not in dashboard(make_user("smsops.view_environment")).text


def test_what_is_over_is_not_wrong() -> None:
    closed = incident(IncidentState.CLOSED)()
    assert isinstance(closed, Incident)
    make_watch(closed.environment)
    make_backup(closed.environment)
    assert section(dashboard(), "All is well")


def test_the_gravest_comes_first() -> None:
    make_incident(a_well_environment(), severity="medium", title="A page is slow")
    make_backup(make_watch(make_environment()).environment, taken_at=timezone.now() - 90 * MINUTE)
    make_watch(make_backup().environment, status="down")
    make_incident(a_well_environment())
    make_incident(a_well_environment(), drill=True, title="The bell rings")
    order = ["SMS does not answer", "SMS does not serve", "too old", "A page is slow", "The bell rings"]
    assert titles(dashboard()) == order


def test_of_what_is_equally_bad_the_oldest_comes_first() -> None:
    place = a_well_environment()
    make_incident(place, title="The second")
    make_incident(place, title="The first", detected_at=timezone.now() - MINUTE)
    told = section(dashboard(), "Wrong now")
    assert told.index("The first") < told.index("The second")


def test_a_bad_incident_counts_down_the_rto_until_users_are_served() -> None:
    place = a_well_environment(rto_minutes=20)
    found = make_incident(place, detected_at=timezone.now() - 5 * MINUTE)
    assert "End of the RTO in 15 min" in section(dashboard(), "Wrong now")
    Incident.objects.filter(pk=found.pk).update(state="mitigated")
    assert "End of the RTO" not in section(dashboard(), "Wrong now")


def test_an_open_incident_is_acknowledged_from_here_by_who_may() -> None:
    found = make_incident(a_well_environment())
    assert door(found, "acknowledge") in dashboard(make_admin()).links
    assert door(found, "acknowledge") not in dashboard(make_viewer()).links


def test_who_has_an_incident_is_named() -> None:
    ada = make_user(username="ada")
    make_incident(a_well_environment())
    assert "open, nobody has it" in section(dashboard(), "Wrong now")
    Incident.objects.update(state="acknowledged", acknowledged_by=ada, acknowledged_at=timezone.now())
    assert "acknowledged, ada has it" in section(dashboard(), "Wrong now")


def test_a_run_that_needs_a_person_leads_to_what_to_do_by_hand() -> None:
    run = make_run(a_well_environment(), state=RunState.NEEDS_HUMAN)
    make_incident(run.environment, run=run)
    page = dashboard()
    assert "What to do by hand" in page.text
    assert run.get_absolute_url() in page.links


def test_a_late_backup_is_taken_from_here_by_who_may() -> None:
    environment = make_watch(make_environment(rpo_minutes=60)).environment
    make_backup(environment, taken_at=timezone.now() - 90 * MINUTE)
    page = dashboard(make_admin())
    assert "RPO is broken The last good backup is too old" in section(page, "Wrong now")
    assert page.links.count(door(environment, "backup")) == 2  # there, and on its card
    assert door(environment, "backup") not in dashboard(make_viewer()).links


def test_a_breach_that_is_coming_is_told_before_it_is_there() -> None:
    environment = make_watch(make_environment(rpo_minutes=60, backups_enabled=False)).environment
    make_backup(environment, taken_at=timezone.now() - 30 * MINUTE)
    assert "The RPO breaks in" in section(dashboard(), "Wrong now")
    assert "scheduled backups are off" in section(dashboard_of(environment), "Wrong now")


def test_sms_that_is_away_is_said_once_by_its_incident() -> None:
    make_watch(make_backup().environment, status="down", detail="/health: connection refused")
    assert "SMS does not serve" in section(dashboard(), "Wrong now")
    make_incident(make_backup().environment)
    make_incident(Incident.objects.get().environment, title="Another")
    only = make_user("smsops.view_environment")
    assert "connection refused" in section(dashboard(only), "Wrong now")


def test_an_environment_nobody_looks_at_is_unknown_and_not_well() -> None:
    a_well_environment()
    make_watch(make_backup().environment, looked_at=timezone.now() - 5 * MINUTE)
    assert "Nobody looks at SMS" in section(dashboard(), "Wrong now")


def test_a_run_that_no_worker_takes_up_is_stuck() -> None:
    make_run(a_well_environment(), state="running", title="Deploy 1.19.0", next_tick_at=timezone.now() - 2 * MINUTE)
    assert "Stuck Deploy 1.19.0" in section(dashboard(), "Wrong now")


def test_many_are_counted_and_the_worst_shown() -> None:
    for number in range(15):
        make_backup(make_watch(make_environment(title=f"S{number}")).environment, damage="bit rot")
    told = section(dashboard(), "Wrong now")
    assert "15 environments: the RPO is broken at 15." in told
    assert "3 more, none of them worse" in told


def test_the_dashboard_of_one_says_what_is_wrong_there_alone() -> None:
    here = a_well_environment()
    make_incident(a_well_environment(), title="It burns elsewhere")
    make_incident(here, title="It burns here")
    told = section(dashboard_of(here), "Wrong now")
    assert ("It burns here" in told, "It burns elsewhere" in told) == (True, False)
    assert reverse("admin:incidents_incident_change", args=[Incident.objects.get(title="It burns here").pk])
