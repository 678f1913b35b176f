"""What was written down of backups before it was packed is there afterwards, and the way back is open."""

from __future__ import annotations

from datetime import date
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.serializers import deserialize
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from backups.models import BackupDay
from smsops.models import Environment
from tests.factories import make_environment

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = "0016_own_backups"


def brought_back() -> Any:
    """The model as it was."""
    return MigrationExecutor(connection).migrate([("backups", BEFORE)]).apps.get_model("backups", "BackupDay")


def brought_forward() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("backups"))


@pytest.fixture
def here() -> Environment:
    return make_environment()


def test_they_are_in_a_dump_of_all_rows_and_come_back_from_it(here: Environment) -> None:
    BackupDay.objects.create(environment=here, day=date(2026, 3, 1), seconds=[1, 900, 86_399])
    said = StringIO()
    call_command("dumpdata", "backups.backupday", stdout=said)
    BackupDay.objects.all().delete()
    for row in deserialize("json", said.getvalue()):
        row.save()
    assert list(BackupDay.objects.get().seconds) == [1, 900, 86_399]


def test_days_that_were_text_become_numbers_and_text_again(here: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("backups.migrations.0017_packed_backup_days"), "BATCH", 10)
    days = [(date(2026, 3, number), [number, 900 + number, 86_399]) for number in range(1, 29)]
    try:
        old = brought_back()
        old.objects.bulk_create(old(environment_id=here.pk, day=day, seconds=seconds) for day, seconds in days)
    finally:
        brought_forward()
    assert [(row.day, list(row.seconds)) for row in BackupDay.objects.order_by("day")] == days
    try:
        old = brought_back()
        assert [(row.day, row.seconds) for row in old.objects.order_by("day")] == days
    finally:
        brought_forward()
