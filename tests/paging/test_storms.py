"""Many steps at once: with the look-ups of one, shared by whoever sweeps, and none costs the others anything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as installed
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.models import Escalation, Incident, MaintenanceWindow, Page, PageState
from incidents.services import claims, outbox, stepping, sweep
from smsops.models import Environment
from smsops.runs import holders
from tests.paging.conftest import opened
from tests.paging.people import policy
from tests.paging.post import Post
from tests.paging.storm import storm
from tests.smsops.crowd import together

pytestmark = pytest.mark.django_db


def queries(found: list[Escalation]) -> int:
    """How often the database is asked while these are moved on."""
    with CaptureQueriesContext(connection) as asked:
        assert stepping.step_all([each.pk for each in found]) == len(found)
    return len(asked)


def test_a_hundred_steps_ask_the_database_hardly_more_often_than_five(environment: Environment) -> None:
    few, many = queries(storm(environment, 5)), queries(storm(environment, 100, "many"))
    print(few, many)
    assert many <= few + 2  # SQLite takes so many pages in three words
    assert many < 30


def test_of_many_everybody_hears_the_last_sign_of_their_own_incident(environment: Environment) -> None:
    found = storm(environment, 3)
    stepping.step_all([each.pk for each in found])
    texts = dict(Page.objects.values_list("user__username", "text"))
    assert {name: text.splitlines()[:2] for name, text in texts.items()} == {
        f"storm{each}": [f"[Critical] demo: Down {each} (#{found[each].incident_id})", "sign new"] for each in range(3)
    }


def test_of_many_only_those_are_held_back_whose_environment_is_under_maintenance(environment: Environment) -> None:
    nowhere = {"data_path": "/nowhere", "releases_path": "/nowhere", "base_url": "http://127.0.0.1:9", "host_port": 8}
    other = Environment.objects.create(name="other", runtime="process", **nowhere)
    MaintenanceWindow.objects.create(environment=other, title="Disks", starts_at=timezone.now(), minutes=30)
    found = [*storm(environment, 2), *storm(other, 2, "held")]
    assert stepping.step_all([each.pk for each in found]) == 2
    assert set(Page.objects.values_list("incident__environment__name", flat=True)) == {"demo"}
    assert set(Escalation.objects.values_list("excuse", flat=True)) == {"", "Maintenance: Disks"}


def test_one_that_cannot_be_done_costs_the_others_nothing_and_is_not_tried_with_every_round(
    environment: Environment, post: Post, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepping, "FAILED", timedelta(minutes=5))
    bad = storm(environment, 9)[4]
    Escalation.objects.filter(pk=bad.pk).update(policy={"no": "levels"})
    assert sweep.sweep() == 8
    assert sweep.sweep() == 0
    assert caplog.text.count(f"escalation {bad.pk} cannot be moved on") == 1
    bad.refresh_from_db()
    assert bad.due_at is not None
    assert timedelta() < bad.due_at - timezone.now() <= stepping.FAILED


def test_a_step_that_somebody_else_has_made_meanwhile_is_undone_whole(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, real = storm(environment, 3), claims.move_on

    def too_late(steps: Any) -> None:
        Escalation.objects.filter(pk=found[1].pk).update(turn=F("turn") + 1)
        real(steps)

    monkeypatch.setattr(claims, "move_on", too_late)
    with pytest.raises(claims.Overtaken):
        stepping.step_all([each.pk for each in found])
    assert not Page.objects.exists()
    assert set(Escalation.objects.values_list("turn", flat=True)) == {0}


def test_one_that_is_over_is_ended_and_pages_nobody(environment: Environment) -> None:
    found = storm(environment, 3)
    Incident.objects.filter(pk=found[0].incident_id).update(state="resolved")
    assert stepping.step_all([each.pk for each in found]) == 2
    assert list(Escalation.objects.filter(ended_at=None).order_by("pk")) == found[1:]


def test_rounds_at_the_same_time_share_the_work_and_double_nothing(
    transactional_db: None, environment: Environment, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "STEPS", 7)
    storm(environment, 40)
    together(3, sweep.sweep)
    sweep.sweep()  # what one of them held while another looked
    assert Page.objects.filter(state=PageState.SENT).count() == 40
    assert set(post.copies.values()) == {1}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one lock for everything")
def test_who_holds_an_incident_holds_up_no_other(transactional_db: None, environment: Environment) -> None:
    found = storm(environment, 3)
    with transaction.atomic():
        Incident.objects.select_for_update().get(pk=found[0].incident_id)
        assert together(1, lambda: stepping.step_all([each.pk for each in found])) == [2]
    assert stepping.step_all([each.pk for each in found]) == 1


def test_enough_senders_on_one_machine_leave_the_other_workers_to_everything_else(
    environment: Environment, post: Post, ada: User
) -> None:
    policy({"users": [ada]})
    incident, parts = opened(environment), holders.me().split("|")
    parts[2], parts[3] = "1", str(holders._started(1))  # somebody who lives
    busy = {"state": PageState.SENDING, "claimed_at": timezone.now(), "incident": incident, "user": ada}
    for number in range(outbox.SENDERS):
        Page.objects.create(key=f"busy {number}", holder="|".join([*parts[:4], str(number)]), **busy)
    assert sweep.sweep() == 0
    Page.objects.filter(key="busy 0").update(holder="elsewhere|ns|1|1|x")
    assert sweep.sweep() == 1


def test_the_schedule_rings_as_often_as_the_round_says() -> None:
    ring = installed.CELERY_BEAT_SCHEDULE["smsops: pages"]
    assert ring["schedule"] == sweep.EVERY.total_seconds()
