"""What a restore would bring back and what it would lose, as its page says it before anybody presses the button."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from backups.models import Backup
from backups.services import outlook
from backups.services.outlook import Table
from smsops.models import Run
from tests.admin.browser import Browser, door
from tests.admin.scenes import its_backup
from tests.factories import make_admin, make_backup, make_environment, make_run, make_user

pytestmark = pytest.mark.django_db

TABLES = [
    {"table": "students", "before": 200, "after": 190, "removed": 10, "hidden": 2, "changed": 1, "added": 0},
    {"table": "grades", "before": 9, "after": 12, "removed": 0, "hidden": 0, "changed": 0, "added": 3},
    {"table": "courses", "before": 7, "after": 7, "removed": 0, "hidden": 0, "changed": 0, "added": 0},
    {"table": "alembic_version", "before": 1, "after": 1, "removed": 1, "hidden": 0, "changed": 0, "added": 1},
]
BY_ROWS = [Table("students", 200, 190, back=12, changed=1), Table("grades", 9, 12, lost=3)]


@pytest.fixture
def backup() -> Backup:
    """Of 5 students and 12 courses; now there are 3 students, 14 courses and a table that is new."""
    found = its_backup()
    found.row_counts = {"students": 5, "courses": 12, "alembic_version": 1}
    found.save()
    database = Path(found.environment.data_path) / found.environment.database_file
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        for table, rows in (("students", 3), ("courses", 14), ("announcements", 1), ("alembic_version", 2)):
            connection.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY)")
            connection.executemany(f"INSERT INTO {table} VALUES (?)", [(number,) for number in range(rows)])
    return found


def compared(backup: Backup, **fields: Any) -> Run:
    facts = {"rows.compare": {"tables": TABLES}}
    return make_run(backup.environment, kind="comparison", params={"backup": backup.pk}, facts=facts, **fields)


def test_without_a_comparison_rows_are_counted(backup: Backup) -> None:
    found = outlook.of(backup)
    assert found.compared_at is None
    assert found.tables == [
        Table("announcements", 0, 1, lost=1), Table("courses", 12, 14, lost=2), Table("students", 5, 3, back=2)
    ]  # fmt: skip


def test_a_comparison_knows_what_counts_do_not_show(backup: Backup) -> None:
    run = compared(backup)
    found = outlook.of(backup)
    assert (found.tables, found.compared_at) == (BY_ROWS, run.finished_at)


@pytest.mark.parametrize("kind", ["restore", "row_recovery", "deploy"])
def test_a_comparison_from_before_a_change_counts_no_more(backup: Backup, kind: str) -> None:
    compared(backup)
    make_run(backup.environment, kind=kind, exclusive=True, created_at=timezone.now())
    assert outlook.of(backup).compared_at is None


def test_a_backup_since_the_comparison_changes_nothing(backup: Backup) -> None:
    compared(backup)
    make_run(backup.environment, kind="backup", exclusive=True, created_at=timezone.now())
    assert outlook.of(backup).tables == BY_ROWS


def test_a_comparison_of_long_ago_or_of_another_backup_is_none_of_this_one(backup: Backup) -> None:
    compared(backup, finished_at=timezone.now() - timedelta(hours=2))
    compared(make_backup(backup.environment))
    assert outlook.of(backup).compared_at is None


def test_a_database_that_is_gone_is_a_reason_to_restore_and_said() -> None:
    backup = make_backup(make_environment())
    assert outlook.of(backup).problem.startswith("The live database cannot be read: ")


def test_a_very_large_database_is_not_counted_while_a_page_waits(
    backup: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlook, "LARGEST", 100)
    assert outlook.of(backup).problem == "The live database is too large to count its rows for this page."


def test_the_page_of_a_restore_says_it_and_leads_to_the_comparison(backup: Backup) -> None:
    page = Browser(make_admin()).get(door(backup, "restore"))
    rows = [each.text.split() for each in page.all("tr")[1:]]
    assert [(name, then, now) for name, then, now, *_ in rows] == [
        ("announcements", "0", "1"), ("courses", "12", "14"), ("students", "5", "3")
    ]  # fmt: skip
    assert [rows[1][4], rows[2][3]] == ["2", "2"], "two courses are lost, two students come back"
    assert door(backup, "compare") in page.links
    user = make_user("smsops.restore_environment", "backups.view_backup", "smsops.view_environment")
    assert door(backup, "compare") not in Browser(user).get(door(backup, "restore")).links
