"""What the tests of webhooks share."""

from __future__ import annotations

import pytest
from django.conf import settings


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Receivers of this machine are allowed, without TLS."""
    monkeypatch.setattr(settings, "SMSOPS_WEBHOOK_PRIVATE", True)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver has a second to answer."""
    monkeypatch.setattr(settings, "SMSOPS_WEBHOOK_SECONDS", 1.0)
