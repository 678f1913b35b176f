"""What the tests of signing in share."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from tests.factories import make_admin


@pytest.fixture
def maria(db: None) -> User:
    """Somebody who may do everything."""
    return make_admin()


@pytest.fixture
def required(settings: Settings) -> None:
    """An installation for several people."""
    settings.SMSOPS_TOTP = "required"
