"""SMS installations whose smsops has a real PostgreSQL, which can be killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.backups.clusters import Cluster, cluster
from tests.brokers import Redis, running
from tests.deaths.victims import rows_in
from tests.places import Place, ProcessPlace


@pytest.fixture(scope="module")
def rows(django_db_blocker: DjangoDbBlocker) -> Iterator[Cluster]:
    """A PostgreSQL of our own, which has smsops' rows."""
    with django_db_blocker.unblock(), cluster() as server, rows_in(server):
        yield server


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Redis]:
    with running(tmp_path) as found:
        yield found


@pytest.fixture
def sms(tmp_path: Path, repository: Path, releases_path: Path, school: Path, rows: Cluster) -> Iterator[Place]:
    """An SMS installation run natively, in the care of an smsops with PostgreSQL."""
    place = ProcessPlace(tmp_path, repository, school, releases_path)
    yield place
    place.clear()
