"""What the tests of alerts from elsewhere share."""

from __future__ import annotations

from typing import Any

import pytest

from incidents import intake_site
from incidents.services import sources
from smsops.models import Environment
from tests.factories import make_environment
from tests.intake.senders import Sender, sender


@pytest.fixture(autouse=True)
def nothing_remembered(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test knows the sources of another; one that is one transaction keeps its connection, and no lease is renewed
    beside it."""
    settings.SMSOPS_LEASE_SECONDS = 600.0
    monkeypatch.setattr(intake_site, "close_old_connections", lambda: None)
    sources._KNOWN.clear()
    sources._NOTED.clear()


@pytest.fixture
def environment(db: None) -> Environment:
    return make_environment()


@pytest.fixture
def prometheus(environment: Environment) -> Sender:
    """Somebody's Alertmanager."""
    return sender(environment)
