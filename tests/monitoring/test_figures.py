"""The figures Prometheus gets: right, few, without what is private, and in a constant number of queries."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backups.selectors import latest_good
from incidents import selectors
from incidents.models import Delivery, Escalation, Incident, Page, Pulse, SeverityRule
from incidents.monitoring import exposition
from incidents.services import reports, severities
from incidents.services.reports import Report
from smsops import signals
from smsops.models import Environment, RunState
from smsops.runs import leases
from tests.brokers import Redis, bells_through
from tests.factories import (
    CANARY,
    make_alert,
    make_alert_source,
    make_backup,
    make_environment,
    make_incident,
    make_offsite_vault,
    make_run,
    make_user,
    make_watch,
)
from tests.monitoring.figures import figures
from tests.paging.people import person, policy

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def school() -> Environment:
    return make_environment(name="school", rpo_minutes=60)


def of_school(name: str) -> float | None:
    return figures().get(f'{name}{{environment="school"}}')


def test_how_sms_was_seen_is_told_with_its_release(school: Environment) -> None:
    watch = make_watch(school, response_ms=250)
    found = figures()
    assert found['sms_status{environment="school",status="healthy"}'] == 1
    assert found['release_info{environment="school",release="1.18.0"}'] == 1
    assert of_school("sms_serving") == 1
    assert of_school("sms_response_seconds") == 0.25
    assert of_school("sms_looked_timestamp_seconds") == pytest.approx(watch.looked_at.timestamp())  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("fields", "word", "serving"),
    [
        ({"status": "down", "ready": False}, "down", 0),
        ({"ready": False}, "not ready", 0),
        ({"status": "absent", "ready": False}, "absent", None),
        ({"looked_at": timezone.now() - HOUR}, "unknown", None),
    ],
)
def test_what_nobody_knows_is_not_called_well_or_away(
    school: Environment, fields: dict[str, Any], word: str, serving: int | None
) -> None:
    make_watch(school, **fields)
    assert f'sms_status{{environment="school",status="{word}"}}' in figures()
    assert of_school("sms_serving") == serving


def test_the_newest_good_backup_counts_and_nothing_else(school: Environment) -> None:
    now = timezone.now()
    good = make_backup(school, taken_at=now - 2 * HOUR, size=1000)
    make_backup(school, taken_at=now - HOUR, damage="bit rot")
    make_backup(school, taken_at=now - HOUR, reason="adopted")
    make_backup(school, taken_at=now - HOUR, here=False)
    make_backup(school, taken_at=now - HOUR, proof="stored")
    make_backup(school, taken_at=now + HOUR)
    assert of_school("backup_last_timestamp_seconds") == pytest.approx(good.taken_at.timestamp())
    assert of_school("backup_last_size_bytes") == 1000
    assert (of_school("rpo_target_seconds"), of_school("rpo_breached")) == (3600, 1)
    status = selectors.status(school)  # pages and commands mean the same one
    assert (status.backup, status.backup_late, latest_good(school)) == (good, True, good)


def test_without_a_backup_the_rpo_is_broken_and_with_a_young_one_it_is_not(school: Environment) -> None:
    assert (of_school("rpo_breached"), of_school("backup_last_timestamp_seconds")) == (1, None)
    make_backup(school)
    assert of_school("rpo_breached") == 0


def test_what_was_proven_of_backups_is_told_with_its_moments(school: Environment) -> None:
    checked = make_backup(school, taken_at=timezone.now() - HOUR)
    make_backup(school, proof="read_back")
    tested = make_run(school, kind="restore_test")
    make_run(school, kind="restore_test", state=RunState.SAFE)
    assert of_school("backup_verified_timestamp_seconds") == pytest.approx(checked.taken_at.timestamp())
    assert of_school("restore_tested_timestamp_seconds") == pytest.approx(tested.finished_at.timestamp())  # type: ignore[union-attr]


def test_how_far_an_off_site_vault_is_behind_is_told_with_what_it_may(school: Environment) -> None:
    make_offsite_vault(school, name="s3", lag_minutes=30)
    make_backup(school, taken_at=timezone.now() - HOUR)
    found = figures()
    assert found['offsite_lag_seconds{environment="school",vault="s3"}'] == pytest.approx(3600, abs=30)
    assert found['offsite_lag_allowed_seconds{environment="school",vault="s3"}'] == 1800


def test_the_last_run_of_each_kind_tells_how_it_went_and_how_long_it_took(school: Environment) -> None:
    make_run(school, created_at=timezone.now() - HOUR)
    make_run(school, state=RunState.SAFE)
    make_run(school, kind="deploy")
    make_run(school, kind="deploy", state=RunState.CANCELLED, created_at=timezone.now() + HOUR)
    found = figures()
    assert found['run_last_succeeded{environment="school",kind="backup"}'] == 0
    assert found['run_last_succeeded{environment="school",kind="deploy"}'] == 1
    assert found['run_last_duration_seconds{environment="school",kind="deploy"}'] == pytest.approx(3, abs=0.5)


def test_runs_under_way_are_counted_and_one_that_nobody_takes_up_is_stuck(school: Environment, settings: Any) -> None:
    begun = timezone.now() - HOUR
    run = make_run(school, state=RunState.RUNNING, started_at=begun, next_tick_at=begun)
    settings.SMSOPS_LEASE_SECONDS = 60
    found = figures()
    assert found['runs_unfinished{environment="school",kind="backup",state="running"}'] == 1
    assert found['run_active_seconds{environment="school",kind="backup"}'] == pytest.approx(3600, abs=30)
    assert of_school("runs_unattended") == 1
    assert leases.claim(run.lease_scope) is not None
    assert of_school("runs_unattended") == 0


def test_incidents_are_counted_by_severity_and_those_nobody_has_in_time(school: Environment) -> None:
    make_incident(school, severity="high")
    make_incident(school, severity="critical", detected_at=timezone.now() - HOUR)
    make_incident(school, severity="critical", detected_at=timezone.now() - HOUR, state="acknowledged")
    make_incident(school, severity="low", state="resolved")
    found = figures()
    counts = [
        found[f'incidents_live{{environment="school",severity="{each}"}}'] for each in ("critical", "high", "low")
    ]
    assert (counts, of_school("incidents_unanswered")) == ([2, 1, 0], 1)


def test_how_soon_somebody_has_it_is_the_tables(school: Environment) -> None:
    make_incident(school, severity="critical", detected_at=timezone.now() - timedelta(minutes=10))
    assert of_school("incidents_unanswered") == 0
    rule = severities.rule("critical")  # whatever other tests left of the table
    rule.response_minutes = 5
    rule.save()
    assert of_school("incidents_unanswered") == 1
    SeverityRule.objects.all().delete()
    assert of_school("incidents_unanswered") == 0  # the runbook's 15 minutes


def reported(environment: Environment, **fields: Any) -> Incident:
    """By a person, through the services: whatever follows an incident by itself has followed."""
    told = Report("The keys were stolen", "critical", "security", "They are on a public page.", **fields)
    return reports.report(environment, told, make_user())


def test_private_incidents_and_drills_change_no_figure(school: Environment) -> None:
    policy({"users": [person("ada")]}, environment=school)
    before, long_ago = figures(), timezone.now() - HOUR
    hidden = reported(school, private=True)
    assert Escalation.objects.filter(incident=hidden, ended_at=None).exists()
    run = make_run(make_environment(), state=RunState.NEEDS_HUMAN)
    Incident.objects.filter(pk=hidden.pk).update(detected_at=long_ago, run=run)
    make_alert(make_alert_source(school), incident=hidden)
    Incident.objects.filter(pk=reported(school, drill=True).pk).update(detected_at=long_ago)
    after = figures()
    moving = ("environments", "disk", "clock")
    kept = [name for name in before if not any(word in name for word in moving)]
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert [name for name, value in after.items() if name.startswith("runs_need_person") and value] == []


def test_an_incident_that_is_escalated_is_counted_where_it_is_not_private(school: Environment) -> None:
    policy({"users": [person("ada")]}, environment=school)
    reported(school)
    reported(school, private=True)
    assert (figures()["escalations_live"], Escalation.objects.filter(ended_at=None).count()) == (1, 2)


def test_alerts_that_fire_are_counted(school: Environment) -> None:
    make_alert(make_alert_source(school))
    make_alert(make_alert_source(school), state="resolved")
    assert of_school("alerts_firing") == 1


def test_what_is_not_sent_or_not_read_is_counted_with_its_age(school: Environment) -> None:
    incident, ago = make_incident(school, private=True), timezone.now() - HOUR
    Page.objects.create(key="due", next_at=ago, attempts=2)
    Page.objects.create(key="later", next_at=timezone.now() + HOUR)
    Page.objects.create(key="lost", state="failed", incident=incident)
    Page.objects.create(key="news", state="failed", incident=incident, kind="news")
    Escalation.objects.create(incident=incident, due_at=ago)
    Delivery.objects.create(source=make_alert_source(school), body=b"", received_at=ago)
    found = figures()
    counts = [found[f"{each}"] for each in ("pages_due", "pages_retried", "pages_undelivered", "deliveries_unread")]
    assert counts == [1, 1, 1, 1]
    assert (found["escalations_live"], found["escalations_overdue"]) == (0, 1)
    assert [found[f"{each}_seconds"] for each in ("pages_due", "deliveries_unread")] == pytest.approx([3600] * 2, abs=9)


def test_the_last_round_is_told_by_who_did_it() -> None:
    pulse = Pulse.objects.create(name="pages", by="worker 7 on host")
    Pulse.objects.create(name="something else")
    found = {name: value for name, value in figures().items() if name.startswith("round")}
    assert found == {'round_timestamp_seconds{by="schedule"}': pytest.approx(pulse.at.timestamp())}


def fill(environment: Environment) -> None:
    make_watch(environment, release="1.18.0")
    make_run(environment, reason="for Jane Roe", actor_name="jane.roe")
    make_run(environment, state=RunState.RUNNING, kind="deploy", title="Jane Roe's deploy")
    make_backup(environment)
    vault = make_offsite_vault(environment)
    vault.problem = "Jane Roe"
    vault.save()
    incident = make_incident(environment, title="Jane Roe cannot sign in")
    make_alert(make_alert_source(environment, name="Jane Roe's own"), incident=incident, labels={"user": "Jane Roe"})


def test_nothing_that_a_person_wrote_and_no_secret_is_in_it() -> None:
    fill(make_environment(title="Jane Roe's school", smoke_email="jane.roe@school.example", smoke_password=CANARY))
    text = exposition.exposed().decode().lower()
    assert [word for word in ("jane", "roe", CANARY) if word in text] == []


def test_the_number_of_queries_does_not_depend_on_how_much_there_is() -> None:
    fill(make_environment())
    with CaptureQueriesContext(connection) as few:
        exposition.exposed()
    for _ in range(4):
        fill(make_environment())
    with CaptureQueriesContext(connection) as many:
        exposition.exposed()
    clock = connection.vendor == "postgresql"  # it is asked for the time, which SQLite has not got
    assert len(few) == len(many) <= 25 + clock


def test_what_smsops_watches_of_itself_is_among_them(school: Environment) -> None:
    signals.beat_ticked.send(None)
    watch = make_watch(school)
    found = figures()
    assert found["beat_timestamp_seconds"] == pytest.approx(time.time(), abs=30)
    looked = found['queue_looked_timestamp_seconds{queue="smsops"}']
    assert looked == pytest.approx(watch.looked_at.timestamp())  # type: ignore[union-attr]
    assert found["broker_up"] == 1
    assert {name for name in found if name.startswith("queue_messages")} >= {
        'queue_messages{queue="smsops"}', 'queue_messages{queue="urgent"}',
    }  # fmt: skip
    assert 0 < found["disk_free_bytes"] < found["disk_size_bytes"]
    assert ("clock_offset_seconds" in found) == (connection.vendor == "postgresql")


def test_a_broker_that_is_away_is_told_and_no_queue_is_called_empty(school: Environment, tmp_path: Path) -> None:
    with bells_through(Redis(tmp_path)):
        found = figures()
    assert found["broker_up"] == 0
    assert not [name for name in found if name.startswith("queue_messages")]
