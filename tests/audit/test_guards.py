"""The database itself refuses to change or remove an entry, also to those who do not ask smsops."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest
import pytest_django
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from smsops.audit import verifying
from smsops.models import AuditEntry
from tests.audit.trail import TABLE, a_trail, sql
from tests.backups.clusters import cluster
from tests.deaths.victims import rows_in

audit = import_module("smsops.migrations.0012_audit")


@pytest.fixture
def guarded(db: None) -> Iterator[None]:
    audit.guard(apps, connection.schema_editor())
    yield
    audit.unguard(apps, connection.schema_editor())


def refused() -> None:
    for statement in (f"UPDATE {TABLE} SET who = 'mallory' WHERE sequence = 1", f"DELETE FROM {TABLE}"):
        with pytest.raises(DatabaseError, match="never changed or removed"), transaction.atomic():
            sql(statement)
    assert AuditEntry.objects.count() == 3


@pytest.mark.usefixtures("guarded")
def test_the_database_refuses() -> None:
    a_trail(3)
    refused()
    assert verifying.refuses_changes()


@pytest.mark.django_db
def test_it_is_noticed_that_the_refusal_is_gone() -> None:
    assert not verifying.refuses_changes()


@pytest.mark.postgres
def test_postgresql_refuses_as_well(django_db_blocker: pytest_django.DjangoDbBlocker) -> None:
    with django_db_blocker.unblock(), cluster() as server, rows_in(server):
        a_trail(3)
        refused()
        with pytest.raises(DatabaseError, match="never changed or removed"), transaction.atomic():
            sql(f"TRUNCATE {TABLE}")
        assert verifying.refuses_changes()
        assert verifying.database().whole
