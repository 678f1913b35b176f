"""What the tests of the playbooks share."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from incidents.models import Playbook
from smsops.models import Environment

shipping = import_module("incidents.migrations.0007_shipped_playbooks")


@pytest.fixture
def shipped(request: pytest.FixtureRequest) -> None:
    """The five playbooks, as after the migration, whatever other tests left."""
    request.getfixturevalue("transactional_db" if "process_place" in request.fixturenames
                            or "place" in request.fixturenames else "db")  # fmt: skip
    Playbook.objects.all().delete()
    shipping.ship(apps, connection.schema_editor())


@pytest.fixture
def environment(db: None) -> Environment:
    """An environment without anything behind it; nobody answers at the discard port."""
    nowhere = {"data_path": "/nowhere", "releases_path": "/nowhere", "base_url": "http://127.0.0.1:9", "host_port": 9}
    return Environment.objects.create(name="demo", runtime="process", **nowhere)
