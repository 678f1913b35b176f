"""News of runs that become incidents, and news that end them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from backups.models import Backup
from backups.services import backups, restores
from incidents import receivers
from incidents.models import Incident, IncidentState, Severity
from incidents.services import incidents, watching
from smsops.models import Environment, Run, RunState
from smsops.runs.plan import By
from tests.backups.databases import make_damaged, spoil
from tests.backups.vaults import pack_of
from tests.incidents.conftest import LATE
from tests.places import SECRET_KEY, Place, drive, wait_for
from tests.runtimes.acts import launch


def run_of(environment: Environment, state: str, **fields: object) -> Run:
    values: dict[str, object] = {"kind": "deploy", "title": "Deploy 2.0.0 to demo", "disturbs": True, **fields}
    return Run.objects.create(environment=environment, state=state, **values)


def test_a_failed_backup_is_one_incident_until_the_next_good_one(process_place: Place) -> None:
    away = process_place.database.rename(process_place.database.with_name("away.db"))
    process_place.back_up()
    process_place.back_up()
    incident = Incident.objects.get()
    assert (incident.title, incident.severity) == (f"No backup of {process_place.name}", Severity.HIGH)
    assert "There is no database at" in incident.timeline.filter(kind="sign").get().text
    away.rename(process_place.database)
    process_place.back_up()
    incident.refresh_from_db()
    assert (incident.state, incident.resolution) == (IncidentState.RESOLVED, "A good backup was taken.")


def test_a_good_backup_alone_is_no_incident(process_place: Place) -> None:
    process_place.back_up()
    assert not Incident.objects.exists()


def test_a_run_that_needs_a_person_keeps_its_incident_though_sms_is_well(process_place: Place) -> None:
    launch(process_place)
    run = run_of(process_place.environment, RunState.NEEDS_HUMAN, headline="The undo stopped.")
    receivers.runs.on_ended(run=run)
    watching.due()
    watching.look_now(process_place.environment.pk)
    process_place.runtime.stop(process_place.environment.instance, 5)
    watching.look_now(process_place.environment.pk)
    process_place.runtime.start(process_place.environment.instance)
    wait_for(process_place.serving, "SMS to serve again")
    for _ in range(3):
        watch = watching.look_now(process_place.environment.pk)
    assert watch is not None
    assert watch.good
    incident = Incident.objects.get()  # that SMS stopped joined it: one cause, one incident
    assert (incident.title, incident.fingerprint) == ("Deploy 2.0.0 to demo needs a person", f"run:{run.pk}")
    assert (incident.severity, incident.state) == ("critical", "open")
    assert incident.timeline.filter(text__startswith="The instance is exited").exists()


@pytest.mark.parametrize(("kind", "cause"), [("restore", "rows"), ("restore_test", "restore test"), ("drill", "drill")])
def test_what_is_seen_once_to_be_over_is_over_though_somebody_takes_it_on_at_that_moment(
    environment: Environment, moved_meanwhile: Callable[[str], None], kind: str, cause: str
) -> None:
    incidents.report(environment, replace(LATE, fingerprint=cause))
    moved_meanwhile("acknowledged")
    receivers.backups.on_ended(run=run_of(environment, RunState.SUCCEEDED, kind=kind, headline="Every row is there."))
    incident = Incident.objects.get()
    assert (incident.state, incident.resolution) == (IncidentState.RESOLVED, "Every row is there.")


@pytest.mark.parametrize("end", [RunState.SAFE, RunState.UNDONE])
def test_a_backup_that_ends_badly_is_an_incident_however_it_ends(environment: Environment, end: str) -> None:
    receivers.backups.on_ended(run=run_of(environment, end, kind="backup", disturbs=False, cause="The disk is full."))
    assert Incident.objects.get().timeline.filter(kind="sign").get().text == "The disk is full."


def test_a_cancelled_backup_is_no_incident(environment: Environment) -> None:
    receivers.backups.on_ended(run=run_of(environment, RunState.CANCELLED, kind="backup", disturbs=False))
    assert not Incident.objects.exists()


def test_a_change_that_fails_is_an_incident_before_it_is_undone(environment: Environment) -> None:
    run = run_of(environment, RunState.UNDOING, cause="The new release answers with 500.")
    receivers.runs.on_undoing(run=run)
    incident = Incident.objects.get(run=run)
    assert (incident.title, incident.severity) == ("Deploy 2.0.0 to demo failed", Severity.CRITICAL)


def test_a_change_that_somebody_cancelled_is_none(environment: Environment) -> None:
    receivers.runs.on_undoing(run=run_of(environment, RunState.UNDOING, cancel_requested=True))
    assert not Incident.objects.exists()


def test_a_run_that_does_not_touch_sms_is_none_when_it_fails(environment: Environment) -> None:
    receivers.runs.on_undoing(run=run_of(environment, RunState.UNDOING, kind="verification", disturbs=False))
    assert not Incident.objects.exists()


@pytest.mark.parametrize("receiver", ["on_undoing", "on_ended"])
def test_news_that_come_twice_change_nothing_the_second_time(environment: Environment, receiver: str) -> None:
    state = RunState.UNDOING if receiver == "on_undoing" else RunState.NEEDS_HUMAN
    run = run_of(environment, state, cause="It failed.", headline="It failed.")
    getattr(receivers.runs, receiver)(run=run)
    before = list(Incident.objects.get().timeline.filter(kind__in=["sign", "state"]).values())
    getattr(receivers.runs, receiver)(run=run)
    assert list(Incident.objects.get().timeline.filter(kind__in=["sign", "state"]).values()) == before


def test_an_undone_change_mitigates_its_incident(environment: Environment) -> None:
    run = run_of(environment, RunState.UNDOING, cause="It failed.")
    receivers.runs.on_undoing(run=run)
    run.state, run.headline = RunState.UNDONE, "It failed. Everything was undone."
    run.save()
    receivers.runs.on_ended(run=run)
    assert Incident.objects.get(run=run).state == IncidentState.MITIGATED


def test_the_cause_of_a_failed_deploy_holds_no_secret(process_place: Place) -> None:
    """SMS names a setting it cannot read together with its value; here somebody put the key on the wrong line."""
    process_place.environment.gate_seconds = 5
    process_place.environment.save()
    process_place.add_env(RATE_LIMIT_READ=SECRET_KEY)
    run = process_place.deploy("1.18.1")
    assert run.state != RunState.SUCCEEDED
    told = [run.cause, run.headline, *run.steps.values_list("error", flat=True)]
    told += Incident.objects.values_list("timeline__text", flat=True)
    assert not [text for text in told if text and SECRET_KEY in text]


def test_a_backup_that_is_found_damaged_is_an_incident(process_place: Place) -> None:
    process_place.back_up()
    backup = Backup.objects.get()
    spoil(pack_of(backup), 8 * 3000)
    drive(backups.verify(backup, By(name="test")))
    assert Incident.objects.filter(severity__in=[Severity.HIGH, Severity.CRITICAL]).exists()


def test_a_damaged_database_is_critical(process_place: Place) -> None:
    make_damaged(process_place.database)
    process_place.back_up()
    assert Incident.objects.get().severity == Severity.CRITICAL


def test_the_good_backup_of_a_deploy_ends_the_incident_of_a_failed_one(process_place: Place) -> None:
    away = process_place.database.rename(process_place.database.with_name("away.db"))
    process_place.back_up()
    away.rename(process_place.database)
    run = process_place.deploy("1.18.1")
    assert Backup.objects.get(run=run).good
    assert Incident.objects.get().state == IncidentState.RESOLVED


def test_rows_that_have_gone_since_the_last_backup_are_an_incident(process_place: Place) -> None:
    process_place.back_up()
    process_place.execute("DELETE FROM students WHERE id > 14")
    process_place.back_up()
    incident = Incident.objects.get()
    assert (incident.title, incident.severity) == ("Rows have gone: students fell from 200 to 14", Severity.CRITICAL)


def test_a_few_rows_fewer_are_a_days_work(process_place: Place) -> None:
    process_place.back_up()
    process_place.execute("DELETE FROM students WHERE id > 191")
    process_place.back_up()
    assert not Incident.objects.exists()


def test_a_restore_ends_the_incident_of_the_rows_that_had_gone(process_place: Place) -> None:
    process_place.deploy("1.18.1")
    process_place.back_up()
    wanted = Backup.objects.latest("taken_at")
    process_place.execute("DELETE FROM students WHERE id > 14")
    process_place.back_up()
    drive(restores.start(wanted, By(name="test")))
    assert Incident.objects.get().state == IncidentState.RESOLVED


def test_rows_that_newly_refer_to_missing_ones_are_told_and_old_ones_are_the_baseline(process_place: Place) -> None:
    process_place.execute("DELETE FROM students WHERE id <= 3")
    process_place.back_up()
    drive(backups.verify(Backup.objects.latest("taken_at"), By(name="test")))
    assert not Incident.objects.exists()
    process_place.execute("DELETE FROM students WHERE id <= 6")
    process_place.back_up()
    run = drive(backups.verify(Backup.objects.latest("taken_at"), By(name="test")))
    assert run.state == RunState.SUCCEEDED
    assert "More rows than before refer to missing ones" in run.headline
    assert Incident.objects.get().severity == Severity.MEDIUM
