"""The tasks after a deployment (runbook §9): when each is due, what counts as done, and who begins it (D14)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from deployments.models import Frequency, PostTask, Release
from deployments.models.task import PERIODS
from smsops.errors import WrongUse
from smsops.models import ACTIVE, Environment, Run, RunState
from smsops.runs.plan import By

GRACE = timedelta(days=1)  # after the release that makes a task due
Starter = Callable[[Environment, By], object]
_STARTERS: dict[str, Starter] = {}
STANDARD = (
    ("notes", "Tag release & publish notes", "Maintainer", Frequency.RELEASE, "After verification", ""),
    ("archive", "Archive prior releases", "Ops", Frequency.WEEKLY, "Weekly batch or on a major release", "archive"),
    ("dependencies", "Dependency audit", "CI", Frequency.COMMIT, "Automatic", "audit"),
    ("backups", "Backup verification", "Ops", Frequency.MONTHLY, "Monthly restore test", "restore_test"),
    ("drill", "Disaster recovery drill", "Team", Frequency.QUARTERLY, "Full rollback or restore simulation", "drill"),
    ("security", "Secrets scan / security audit", "Security Team", Frequency.QUARTERLY,
     "Code review and secrets scan", ""),
)  # fmt: skip


def add_starter(kind: str, starter: Starter) -> None:
    """Let `starter` begin the due tasks that runs of this kind do; it may raise OpsError, and is asked again."""
    _STARTERS[kind] = starter


def fill(environment: Environment) -> None:
    """Give a new environment the runbook's tasks; one that is there already, changed or not, stays as it is."""
    known = set(PostTask.objects.filter(environment=environment).values_list("key", flat=True))
    names = ("key", "title", "owner", "frequency", "when", "kind")
    rows = [PostTask(environment=environment, **dict(zip(names, row, strict=True))) for row in STANDARD]
    for row in rows:
        row.due_at = next_due(row.frequency, timezone.now())
    PostTask.objects.bulk_create([row for row in rows if row.key not in known], ignore_conflicts=True)


def next_due(frequency: str, done_at: datetime) -> datetime | None:
    """When it is due again after it was done; None where the next release makes it due."""
    period = PERIODS.get(Frequency(frequency))
    return done_at + period if period else None


def mark_done(task: PostTask, by: By) -> None:
    """A person says that it was done. WrongUse without a note, and where a run does it."""
    if task.kind:
        raise WrongUse(f"“{task.title}” is done by a run ({task.kind}); the run is the evidence.")
    if not by.reason.strip():
        raise WrongUse("Say what was done: the note is the evidence.")
    user = by.user if by.user is not None and by.user.pk else None
    _done(task, timezone.now(), done_by=by.name[:150], done_by_user=user, done_run=None, note=by.reason)


def note_run(run: Run) -> None:
    """A good run is the evidence for the tasks its kind does; a good deploy makes those due that come per release."""
    if run.state != RunState.SUCCEEDED or run.finished_at is None:
        return
    for task in PostTask.objects.filter(environment=run.environment_id, kind=run.kind).exclude(kind=""):
        if (task.done_at is None or task.done_at < run.finished_at) and _counts(task, run):
            _done(
                task, run.finished_at, done_by=run.actor_name, done_by_user=run.actor, done_run=run, note=run.headline
            )
    if run.kind == "deploy":
        _make_due(run.environment_id, Frequency.RELEASE, run.finished_at)


def note_release(release: Release) -> None:
    """A release that was not known before makes the tasks due that come with every commit."""
    _make_due(release.environment_id, Frequency.COMMIT, release.imported_at)


def overdue() -> QuerySet[PostTask]:
    """What should have been done by now."""
    return PostTask.objects.filter(enabled=True, due_at__lt=timezone.now())


def startable() -> list[tuple[PostTask, Starter]]:
    """What is up, what smsops can begin itself, and is not under way; each with what begins it."""
    soon = PostTask.objects.filter(enabled=True, due_at__lt=timezone.now() + GRACE, kind__in=_STARTERS)
    found = soon.select_related("environment")
    busy = set(Run.objects.filter(state__in=ACTIVE).values_list("environment_id", "kind"))
    return [(task, _STARTERS[task.kind]) for task in found if (task.environment_id, task.kind) not in busy]


def _counts(task: PostTask, run: Run) -> bool:
    """An audit that could not check everything, or was of another release than the newest, is no evidence."""
    if run.facts.get("audit.conclude", {}).get("unchecked"):
        return False
    if task.frequency != Frequency.COMMIT:
        return True
    newest = Release.objects.filter(environment=run.environment_id).values_list("version", flat=True).first()
    return newest is None or run.params.get("version") == newest


def _done(task: PostTask, at: datetime, **evidence: object) -> None:
    changes = {"done_at": at, "due_at": next_due(task.frequency, at), **evidence}
    for name, value in changes.items():
        setattr(task, name, value)
    task.save(update_fields=list(changes))


def _make_due(environment_id: int, frequency: Frequency, at: datetime) -> None:
    rows = PostTask.objects.filter(environment=environment_id, frequency=frequency, due_at=None)
    rows.filter(Q(done_at=None) | Q(done_at__lt=at)).update(due_at=at + GRACE)
