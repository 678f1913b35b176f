"""What the backups say in the runbook: §1, 4.2 and 6.3 to 6.6."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Max
from django.urls import reverse

from backups import selectors
from backups.models import Backup, OffsiteVault, RetentionPolicy
from backups.services import drills, lags, restore_tests, schedule, test_log
from smsops import zones
from smsops.models import FINAL, DatabaseEngine, Environment, Run, RunState
from smsops.runbook import by_hand
from smsops.runbook.blocks import Block, Fact, Link, Verdict
from smsops.runbook.registry import Source, View
from smsops.text import age_text, bytes_text, count_text, seconds_text

DAY = timedelta(hours=24)  # runbook §1: the last backup is younger
LOSS_HEAD = ("Scenario", "What helps", "Is it there")
RESCUE = "docs/restore_without_smsops.py"


def read(view: View) -> Mapping[str, Block]:
    """How the backups stand."""
    place = view.place
    backup = selectors.latest_good(place)
    copies = lags.standings([place.pk])
    tests = _tests(place)
    last = _last(backup, view)
    return {
        "1": Block((last,), doors=("backup",), commands=(f"ops backup {place.name} --wait",)),
        "4.2": _restoring(place, last),
        "6.3": _cadence(view, last),
        "6.4": _losses(place, backup, copies),
        "6.5": _improving(view, copies, tests.get(drills.KIND)),
        "6.6": _testing(view, tests),
    }


def _last(backup: Backup | None, view: View) -> Fact:
    if backup is None:
        return Fact("Last good backup", "none", "fail")
    word = "pass" if backup.age <= min(DAY, view.place.rpo) else "warn" if backup.age <= DAY else "fail"
    rows = backup.row_counts.get("students")
    told = f", {count_text(rows, 'student')}" if rows is not None else ""
    said = f"{backup.identifier}, {age_text(backup.age)}{told}, {bytes_text(backup.size)}"
    return Fact("Last good backup", said, word, backup.get_absolute_url())


def _restoring(place: Environment, last: Fact) -> Block:
    name = place.name
    commands = (f"ops backups {name}", f"ops restore {name} --backup latest --wait", f"ops compare {name}")
    return Block((last,), doors=("restore", "restore-to"), commands=commands, by_hand=rescue(place))


def rescue(place: Environment) -> tuple[str, ...]:
    """A restore with the vault, the keys and Python alone (docs/restoring-without-smsops.md)."""
    vault, keys = Path(settings.SMSOPS_VAULT_DIR) / place.name, str(settings.SMSOPS_KEYS_DIR)
    first = (
        "python3 -m venv rescue && rescue/bin/pip install cryptography zstandard",
        shlex.join(["rescue/bin/python", RESCUE, "list", str(vault)]),
    )
    if place.database_engine == DatabaseEngine.POSTGRESQL:
        words = ["rescue/bin/python", RESCUE, "restore", str(vault), keys, "latest", "restored.dump"]
        return *first, shlex.join(words), "createdb sms_restored", (
            "pg_restore --exit-on-error --dbname=sms_restored restored.dump")  # fmt: skip
    live = by_hand.database(place)
    words = ["rescue/bin/python", RESCUE, "restore", str(vault), keys, "latest", f"{live}.restored"]
    aside = "mkdir before && " + " ".join(  # a second time it stops: what is in there may be the only original
        ["mv", *(shlex.quote(f"{live}{side}") for side in ("", "-wal", "-shm")), "before/"]
    )
    like = f"chown --reference={shlex.quote(f'before/{Path(live).name}')} {shlex.quote(f'{live}.restored')}"
    into = shlex.join(["mv", f"{live}.restored", live])
    return *first, shlex.join(words), by_hand.stop(place), aside, like, into, by_hand.start(place)


def _cadence(view: View, last: Fact) -> Block:
    place = view.place
    found, policy = schedule.of(place), getattr(place, "retention", None) or RetentionPolicy(environment=place)
    pace = f"every {place.backup_minutes} min"
    if found.quiet_minutes:
        hours = f"{found.opens:%H:%M} to {found.closes:%H:%M}, {found.business_days} ({found.time_zone})"
        pace = f"{pace} from {hours}; else every {found.quiet_minutes} min"
    off = Fact("Scheduled backups", "off", "fail") if not place.backups_enabled else None
    until = found.waits_until
    paused = Fact("Scheduled backups", f"paused until {zones.kept(until)}: {found.pause_reason}",
                  "warn") if until else None  # fmt: skip
    kept = (f"all of {count_text(policy.keep_days, 'day')}, then {policy.keep_daily} daily, "
            f"{policy.keep_weekly} weekly, {policy.keep_monthly} monthly")  # fmt: skip
    facts = (
        last, off or paused or Fact("Scheduled backups", pace, "pass"), Fact("Kept", kept),
        Fact("RPO", f"{place.rpo_minutes} min"),
    )  # fmt: skip
    links = (
        Link("Vault", reverse("admin:backups_vault", args=[place.pk]), "backups.view_backup"),
        Link("Backups", f"{reverse('admin:backups_backup_changelist')}?environment__id__exact={place.pk}",
             "backups.view_backup"),
    )  # fmt: skip
    commands = (f"ops schedule {place.name}", f"ops backups {place.name}", f"ops vault status {place.name}")
    vault = shlex.quote(str(Path(settings.SMSOPS_VAULT_DIR) / place.name / "backups"))
    doors = ("backup", "pause", "resume", "tidy", "adopt")
    return Block(facts, doors=doors, links=links, commands=commands, by_hand=(f"ls -lt {vault} | head",))


def _losses(place: Environment, backup: Backup | None, copies: Sequence[tuple[OffsiteVault, timedelta]]) -> Block:
    good = Verdict("pass") if backup else Verdict("fail")
    kept = any(vault.copied_at and not vault.problem and lag <= vault.allowed_lag for vault, lag in copies)
    rows = (
        ("Accidental deletion", "Compare a backup with now, put single rows back", good),
        ("Database spoiled by a migration", "The deploy undoes itself; else a restore", good),
        ("Work of a lost session", "Nothing here: SMS saves as people work", "—"),
        ("Backup storage failure", "Copies elsewhere", Verdict("pass") if kept else Verdict("fail")),
    )
    name = place.name
    commands = (f"ops compare {name} --backup latest",
                f"ops put-back {name} --backup latest --table students --removed --dry-run",
                f"ops offsite list {name}")  # fmt: skip
    return Block(head=LOSS_HEAD, rows=rows, doors=("restore", "restore-to"), commands=commands)


def _improving(view: View, copies: Sequence[tuple[object, timedelta]], drill: Run | None) -> Block:
    place = view.place
    facts = [
        Fact(f"Copies in {vault.name}", f"{seconds_text(lag.total_seconds())} behind" if lag else "up to date",  # type: ignore[attr-defined]
             "fail" if vault.problem or lag > vault.allowed_lag else "pass", vault.get_absolute_url())  # type: ignore[attr-defined]
        for vault, lag in copies
    ] or [Fact("Copies elsewhere", "none: the backups lie on one machine only", "warn")]  # fmt: skip
    row = getattr(place, "log_following", None)
    if row is None or not row.enabled:
        facts.append(Fact("Every commit", "not kept", "warn"))
    else:
        known = row.alive and row.canary_seconds is not None
        loss = f"; loss if it broke now: {seconds_text(row.canary_seconds)}" if known else ""
        facts.append(Fact("Every commit", f"kept until {age_text(row.lag)}{loss}", "pass" if row.alive else "fail"))
    facts.append(_told("Last drill", drill, view))
    links = (
        Link("Moments", reverse("admin:backups_moments", args=[place.pk]), "backups.view_backup"),
        Link("Add an off-site vault", f"{reverse('admin:backups_offsitevault_add')}?environment={place.pk}",
             "backups.add_offsitevault"),
    )  # fmt: skip
    commands = (f"ops offsite list {place.name}", f"ops moments {place.name}", f"ops drill {place.name} --wait")
    return Block(facts, doors=("drill",), links=links, commands=commands)


def _tests(place: Environment) -> dict[str, Run]:
    """The newest restore test and the newest drill that have ended."""
    ended = Run.objects.filter(environment=place, kind__in=(restore_tests.KIND, drills.KIND), state__in=FINAL)
    newest = ended.order_by().values("kind").annotate(last=Max("pk")).values("last")
    return {run.kind: run for run in Run.objects.filter(pk__in=newest)}


def _told(label: str, run: Run | None, view: View) -> Fact:
    if run is None:
        return Fact(label, "never", "warn")
    word = "pass" if run.state == RunState.SUCCEEDED else "fail"
    said = run.headline or run.cause or str(run.get_state_display())
    return Fact(label, f"{age_text(view.now - run.created_at)}: {said}", word, run.get_absolute_url())


def _testing(view: View, tests: Mapping[str, Run]) -> Block:
    facts = (
        _told("Last restore test", tests.get(restore_tests.KIND), view),
        _told("Last drill", tests.get(drills.KIND), view),
        Fact("Log of the tests", str(test_log.path())),
    )
    commands = (f"ops verify {view.place.name} --wait", f"ops restore-test {view.place.name} --wait")
    vault, keys = Path(settings.SMSOPS_VAULT_DIR) / view.place.name, str(settings.SMSOPS_KEYS_DIR)
    words = ["rescue/bin/python", RESCUE, "restore", str(vault), keys, "latest", "/tmp/test.db"]  # noqa: S108
    check = "sqlite3 /tmp/test.db 'PRAGMA integrity_check; SELECT count(*) FROM students;'"
    if view.place.database_engine == DatabaseEngine.POSTGRESQL:
        check = "pg_restore --list /tmp/test.db | head"
    return Block(facts, doors=("drill",), commands=commands, by_hand=(shlex.join(words), check))


SOURCE = Source(("1", "4.2", "6.3", "6.4", "6.5", "6.6"), "backups", "backups.view_backup", read)
