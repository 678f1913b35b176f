"""What the tests of signing in share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group, User
from pytest_django import Settings

from tests.factories import make_admin
from tests.signin.provider import CLIENT, SECRET, Provider


@pytest.fixture
def maria(db: None) -> User:
    """Somebody who may do everything."""
    return make_admin()


@pytest.fixture
def required(settings: Settings) -> None:
    """An installation for several people."""
    settings.SMSOPS_TOTP = "required"


@pytest.fixture
def op(settings: Settings) -> Iterator[Provider]:
    """A provider that smsops is told of."""
    found = Provider()
    settings.SMSOPS_OIDC_ISSUER = found.issuer
    settings.SMSOPS_OIDC_CLIENT_ID, settings.SMSOPS_OIDC_CLIENT_SECRET = CLIENT, SECRET
    settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET = CLIENT, SECRET
    settings.SMSOPS_OIDC_NAME = "School ID"
    settings.SMSOPS_OIDC_ROLES = {"ops": "Our operators", "leads": "Our leads"}
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, "smsops.signin.oidc.Backend"]
    for name in ("Our operators", "Our leads", "By hand"):
        Group.objects.create(name=name)
    yield found
    found.close()
