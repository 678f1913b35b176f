"""What waits for a person or is due, the longest overdue first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from deployments.models import PostTask
from incidents.models import Incident
from tests.admin.scenes import a_waiting_run
from tests.dashboard.pages import a_well_environment, dashboard, dashboard_of, section
from tests.factories import make_action_item, make_incident, make_postmortem, make_user

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def over() -> Incident:
    return make_incident(a_well_environment(), state="resolved", resolved_at=timezone.now())


def test_what_is_overdue_comes_before_what_is_due_soon() -> None:
    make_action_item(over(), title="Watch the disk", due_at=timezone.now() + DAY)
    make_action_item(over(), title="Renew the certificate", due_at=timezone.now() - DAY)
    make_action_item(over(), title="Buy another disk", due_at=timezone.now() + 30 * DAY)
    told = section(dashboard(), "Due")
    assert told.index("Overdue Renew the certificate") < told.index("Due Watch the disk")
    assert "Buy another disk" not in told


def test_a_post_mortem_and_a_task_are_due_as_well() -> None:
    found = make_postmortem(over(), due_at=timezone.now() - DAY)
    PostTask.objects.filter(environment=found.incident.environment, key="drill").update(due_at=timezone.now() - DAY)
    told = section(dashboard(), "Due")
    assert "post-mortem · nobody's" in told
    assert "Overdue Disaster recovery drill" in told


def test_what_follows_a_drill_is_not_due() -> None:
    incident = over()
    make_action_item(incident, due_at=timezone.now() - DAY)
    Incident.objects.update(drill=True)
    assert section(dashboard(), "Due") == ""


def test_many_are_counted() -> None:
    incident = over()
    for number in range(13):
        make_action_item(incident, title=f"Thing {number}", due_at=timezone.now() - DAY)
    told = section(dashboard(), "Due")
    assert told.startswith("Due 13")
    assert "3 more are due later" in told


def test_what_waits_for_a_second_person_says_what_it_may_cost_and_when_it_ends() -> None:
    run = a_waiting_run()
    told = section(dashboard(), "Waits for a second person")
    assert run.title in told
    assert "ends in" in told
    assert section(dashboard_of(run.environment), "Waits for a second person")
    assert section(dashboard_of(a_well_environment()), "Waits for a second person") == ""


def test_each_kind_is_shown_to_who_may_see_it() -> None:
    make_action_item(over(), title="Watch the disk", due_at=timezone.now() - DAY)
    PostTask.objects.filter(key="drill").update(due_at=timezone.now() - DAY)
    told = section(dashboard(make_user("smsops.view_environment", "deployments.view_posttask")), "Due")
    assert ("Watch the disk" in told, "Disaster recovery drill" in told) == (False, True)
