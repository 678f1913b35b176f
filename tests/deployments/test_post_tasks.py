"""The tasks after a deployment (runbook §9): owed from the first day, due when they are, done with evidence."""

from __future__ import annotations

import importlib
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from deployments import tasks
from deployments.models import PostTask, Release
from deployments.services import audits, post_tasks
from smsops import signals
from smsops.errors import OpsError, WrongUse
from smsops.models import Environment, Run, RunState
from smsops.runs.plan import By
from tests.factories import make_environment, make_release, make_run, make_user

pytestmark = pytest.mark.django_db

migration: Any = importlib.import_module("deployments.migrations.0006_post_tasks")
DAY = timedelta(days=1)


@pytest.fixture
def environment() -> Environment:
    return make_environment()


def task(environment: Environment, key: str) -> PostTask:
    return PostTask.objects.get(environment=environment, key=key)


def due_now(environment: Environment, key: str) -> PostTask:
    PostTask.objects.filter(environment=environment, key=key).update(due_at=timezone.now() - DAY)
    return task(environment, key)


def ended(environment: Environment, kind: str, **fields: Any) -> Run:
    """A run whose end was announced, as the executor does."""
    run = make_run(environment, kind=kind, **fields)
    signals.run_ended.send(sender=Run, run=run)
    return run


def test_a_new_environment_owes_the_runbooks_six_tasks(environment: Environment) -> None:
    rows = PostTask.objects.filter(environment=environment).values_list("key", "owner", "frequency", "kind")
    assert list(rows) == [
        ("notes", "Maintainer", "release", ""),
        ("archive", "Ops", "weekly", "archive"),
        ("dependencies", "CI", "commit", "audit"),
        ("backups", "Ops", "monthly", "restore_test"),
        ("drill", "Team", "quarterly", "drill"),
        ("security", "Security Team", "quarterly", ""),
    ]


def test_saving_the_environment_again_adds_nothing_and_changes_nothing(environment: Environment) -> None:
    PostTask.objects.filter(key="notes").update(owner="Maria")
    task(environment, "drill").delete()
    environment.save()
    assert task(environment, "notes").owner == "Maria"
    assert PostTask.objects.count() == 5


def test_an_environment_of_before_gets_the_same_tasks_as_a_new_one(environment: Environment) -> None:
    names = [field.name for field in PostTask._meta.concrete_fields if field.name not in ("id", "due_at")]
    wanted = list(PostTask.objects.values_list(*names))
    PostTask.objects.all().delete()
    migration.add_tasks(apps, None)
    assert list(PostTask.objects.order_by("pk").values_list(*names)) == wanted


def test_the_migration_leaves_an_operators_rows_as_they_are(environment: Environment) -> None:
    PostTask.objects.filter(key="notes").update(title="Ours", due_at=None)
    PostTask.objects.create(environment=environment, title="Water the plants", owner="Ops", frequency="weekly")
    before = list(PostTask.objects.order_by("pk").values())
    migration.add_tasks(apps, None)
    assert list(PostTask.objects.order_by("pk").values()) == before


def test_the_daily_bell_is_added_once_and_rings_a_task_that_exists() -> None:
    PeriodicTask.objects.all().delete()
    for _ in range(2):
        migration.add_bell(apps, None)
    bell = PeriodicTask.objects.get(name=migration.BELL)
    assert (bell.task, bell.enabled, bell.crontab and bell.crontab.hour) == (tasks.post_tasks_due.name, True, "5")


def test_a_bell_of_that_name_is_the_operators_and_stays_whatever_it_does() -> None:
    PeriodicTask.objects.all().delete()
    nightly = CrontabSchedule.objects.create(minute="1", hour="2")
    PeriodicTask.objects.create(name=migration.BELL, task="mine", crontab=nightly, enabled=False)
    before = list(PeriodicTask.objects.values())
    migration.add_bell(apps, None)
    migration.remove_bell(apps, None)
    assert list(PeriodicTask.objects.values()) == before


def test_going_back_removes_only_the_bell_that_was_added() -> None:
    PeriodicTask.objects.all().delete()
    migration.add_bell(apps, None)
    migration.remove_bell(apps, None)
    assert not PeriodicTask.objects.exists()


def test_a_person_marks_a_persons_task_as_done_with_a_note(environment: Environment) -> None:
    maria = make_user(username="maria")
    post_tasks.mark_done(due_now(environment, "security"), By(user=maria, name="maria", reason="Report 12 is filed."))
    done = task(environment, "security")
    assert (done.done_by, done.done_by_user, done.note) == ("maria", maria, "Report 12 is filed.")
    assert done.due_at is not None
    assert done.due_at > timezone.now() + 90 * DAY


def test_without_a_note_nothing_is_done(environment: Environment) -> None:
    with pytest.raises(WrongUse, match="the note is the evidence"):
        post_tasks.mark_done(task(environment, "security"), By(name="maria", reason="  "))
    assert task(environment, "security").done_at is None


def test_nobody_marks_as_done_what_a_run_does(environment: Environment) -> None:
    with pytest.raises(WrongUse, match="the run is the evidence"):
        post_tasks.mark_done(task(environment, "drill"), By(name="maria", reason="I did it in my head."))
    assert task(environment, "drill").done_at is None


def test_a_good_run_is_the_evidence(environment: Environment) -> None:
    due_now(environment, "drill")
    run = ended(environment, "drill", headline="Restored in 4 s.")
    done = task(environment, "drill")
    assert (done.done_run, done.done_at, done.note) == (run, run.finished_at, "Restored in 4 s.")
    assert not done.overdue


@pytest.mark.parametrize("state", [RunState.UNDONE, RunState.SAFE, RunState.NEEDS_HUMAN, RunState.CANCELLED])
def test_a_run_that_failed_is_none(environment: Environment, state: RunState) -> None:
    due_now(environment, "drill")
    ended(environment, "drill", state=state)
    assert task(environment, "drill").overdue


def test_news_that_comes_late_or_twice_does_not_take_newer_evidence_away(environment: Environment) -> None:
    older = make_run(environment, kind="drill", finished_at=timezone.now() - DAY)
    newer = ended(environment, "drill")
    signals.run_ended.send(sender=Run, run=older)
    assert task(environment, "drill").done_run == newer


def test_a_deploy_makes_the_release_notes_due_until_they_are_written(environment: Environment) -> None:
    assert task(environment, "notes").due_at is None
    run = ended(environment, "deploy")
    assert run.finished_at is not None
    assert task(environment, "notes").due_at == run.finished_at + DAY
    post_tasks.mark_done(task(environment, "notes"), By(name="maria", reason="https://notes.example/1.18.0"))
    signals.run_ended.send(sender=Run, run=run)
    assert task(environment, "notes").due_at is None


def test_a_new_release_makes_the_dependency_audit_due(environment: Environment) -> None:
    assert task(environment, "dependencies").due_at is None
    release = make_release(environment, installed=False)
    assert task(environment, "dependencies").due_at == release.imported_at + DAY


def test_an_audit_that_could_not_check_everything_is_no_evidence(environment: Environment) -> None:
    make_release(environment, "1.18.0", installed=False)
    facts = {"audit.conclude": {"unchecked": ["Look the Python packages up"]}}
    ended(environment, "audit", params={"version": "1.18.0"}, facts=facts)
    assert task(environment, "dependencies").done_at is None
    ended(environment, "audit", params={"version": "1.18.0"}, facts={"audit.conclude": {"unchecked": []}})
    assert task(environment, "dependencies").due_at is None


def test_an_audit_of_an_older_release_says_nothing_of_the_newest(environment: Environment) -> None:
    make_release(environment, "1.19.0", installed=False)
    ended(environment, "audit", params={"version": "1.18.0"})
    assert task(environment, "dependencies").done_at is None


def test_what_is_off_is_never_overdue(environment: Environment) -> None:
    due_now(environment, "security")
    PostTask.objects.update(enabled=False)
    assert not task(environment, "security").overdue
    assert not post_tasks.overdue().exists()


def test_the_bell_begins_the_audit_that_is_due_once(environment: Environment) -> None:
    make_release(environment, "1.18.0", installed=False)
    newest = make_release(environment, "1.19.0", installed=False)
    for _ in range(2):
        tasks.post_tasks_due()
    run = Run.objects.get(kind=audits.KIND)
    assert (run.params["release"], run.trigger, run.exclusive) == (newest.pk, "schedule", False)


def test_a_task_that_cannot_begin_keeps_none_of_the_others_from_it(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    Release.objects.all().delete()
    due_now(environment, "dependencies")  # there is no release to audit
    other = make_environment()
    make_release(other, installed=False)
    tasks.post_tasks_due()
    assert [run.environment for run in Run.objects.filter(kind="audit")] == [other]


def test_a_kind_that_nothing_begins_waits_and_is_told_as_overdue(environment: Environment) -> None:
    due_now(environment, "drill")
    tasks.post_tasks_due()
    assert not Run.objects.exists()
    assert [each.key for each in post_tasks.overdue()] == ["drill"]


def test_another_room_may_say_how_its_kind_begins(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setitem(post_tasks._STARTERS, "archive", lambda place, by: begun.append(place.name))
    due_now(environment, "archive")
    tasks.post_tasks_due()
    assert begun == [environment.name]


def test_an_error_is_logged_with_the_tasks_name(environment: Environment, caplog: pytest.LogCaptureFixture) -> None:
    def refuse(place: Environment, by: By) -> None:
        raise OpsError("The engine is away.")

    due_now(environment, "archive")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(post_tasks._STARTERS, "archive", refuse)
        tasks.post_tasks_due()
    assert "“Archive prior releases”" in caplog.text
