"""What the tests of the incidents share."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from incidents.models import Severity
from incidents.services.incidents import Sign
from smsops.models import Environment

LATE = Sign("late", Severity.MEDIUM, "Something is late", "It is an hour late.")


@pytest.fixture
def environment(db: None) -> Environment:
    """An environment without anything behind it."""
    return Environment.objects.create(name="demo", runtime="process", data_path="/nowhere", releases_path="/nowhere")


@pytest.fixture
def somebody(db: None) -> User:
    return User.objects.create_user("ada")
