"""What the tests of alerts from elsewhere share."""

from __future__ import annotations

import pytest

from incidents.services import sources
from smsops.models import Environment
from tests.factories import make_environment
from tests.intake.senders import Sender, sender


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """No test knows the sources of another."""
    sources._KNOWN.clear()
    sources._NOTED.clear()


@pytest.fixture
def environment(db: None) -> Environment:
    return make_environment()


@pytest.fixture
def prometheus(environment: Environment) -> Sender:
    """Somebody's Alertmanager."""
    return sender(environment)
