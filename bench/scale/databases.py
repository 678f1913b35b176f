"""PostgreSQL databases that smsops' rows are moved to for as long as they are measured."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connections

from tests.backups import clusters
from tests.backups.clusters import PASSWORD, USER, Cluster

SETTINGS = ("shared_buffers=1GB", "max_wal_size=8GB", "synchronous_commit=off", "maintenance_work_mem=256MB",
            "effective_cache_size=4GB", "random_page_cost=1.1", "checkpoint_timeout=30min")  # fmt: skip


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """A server as large as one for such an installation would be."""
    with clusters.cluster(*SETTINGS) as found:
        yield found


@contextlib.contextmanager
def rows_in(found: Cluster, name: str) -> Iterator[str]:
    """Keep smsops' rows in a new database of that name; yields its address, for processes of their own."""
    found.execute("postgres", f'CREATE DATABASE "{name}"')
    usual = connections.settings["default"]
    wanted = dict(usual) | {"ENGINE": "django.db.backends.postgresql", "NAME": name, "USER": USER}
    wanted |= {"PASSWORD": PASSWORD, "HOST": "127.0.0.1", "PORT": str(found.port), "CONN_MAX_AGE": None}
    wanted |= {"OPTIONS": {"sslmode": "disable"}}
    anchors = settings.SMSOPS_AUDIT_DIR
    try:
        use(wanted)
        settings.SMSOPS_AUDIT_DIR = Path(anchors) / name  # each database has a trail of its own
        call_command("migrate", verbosity=0)
        yield f"postgresql://{USER}:{PASSWORD.replace('/', '%2F').replace('@', '%40')}@127.0.0.1:{found.port}/{name}"
    finally:
        settings.SMSOPS_AUDIT_DIR = anchors
        use(usual)


def use(database: dict[str, object]) -> None:
    connections.close_all()
    connections.settings["default"] = database
    with contextlib.suppress(AttributeError):
        del connections["default"]
    ContentType.objects.clear_cache()
