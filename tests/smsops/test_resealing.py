"""Secrets in the rows sealed anew: all of them or none."""

from __future__ import annotations

import pytest
from django.db import connection
from pytest_django import Settings

from smsops import resealing
from smsops.errors import OpsError
from smsops.fields import EncryptedTextField, seal
from smsops.models import Authenticator, BackupCodes, Environment
from tests.factories import make_user

pytestmark = pytest.mark.django_db
CANARY = "cAn4ry"


@pytest.fixture
def environment() -> Environment:
    return Environment.objects.create(name="school", smoke_email="a@b.example", smoke_password=CANARY)


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT smoke_password FROM smsops_environment")
        return str(cursor.fetchone()[0])


def test_what_was_sealed_with_the_key_of_before_opens_with_that_of_now(
    environment: Environment, settings: Settings
) -> None:
    earlier, settings.FIELD_KEY = settings.FIELD_KEY, "a new one"
    assert Environment.objects.get().smoke_password == ""
    assert resealing.reseal(earlier) == 1
    assert Environment.objects.get().smoke_password == CANARY


def test_once_more_changes_nothing(environment: Environment, settings: Settings) -> None:
    earlier, settings.FIELD_KEY = settings.FIELD_KEY, "a new one"
    resealing.reseal(earlier)
    before = stored()
    assert resealing.reseal(earlier) == 0
    assert stored() == before


def test_a_value_that_no_key_opens_stops_everything_with_its_place(
    environment: Environment, settings: Settings
) -> None:
    earlier, settings.FIELD_KEY = settings.FIELD_KEY, "a third"
    Environment.objects.create(name="other", volume="other", smoke_email="c@d.example", smoke_password=CANARY)
    settings.FIELD_KEY = "a new one"
    with pytest.raises(OpsError, match=r"Neither field key opens the smoke_password of smsops.Environment \d+"):
        resealing.reseal(earlier)
    settings.FIELD_KEY = earlier
    assert Environment.objects.get(name="school").smoke_password == CANARY


def test_every_sealed_field_of_every_table_is_reached() -> None:
    found = {(model._meta.label, field.name) for model, field in resealing.sealed_fields()}
    assert {("smsops.Environment", "smoke_password"), ("backups.OffsiteVault", "secret")} < found
    assert all(isinstance(field, EncryptedTextField) for _, field in resealing.sealed_fields())


def test_authenticators_go_on_and_backup_codes_end(settings: Settings) -> None:
    user = make_user()
    Authenticator.objects.create(user=user, key=seal(b"the key of an app"))
    codes = BackupCodes.objects.create(user=user)
    codes.token_set.create(token=codes.digest("1234567890"))
    earlier, settings.FIELD_KEY = settings.FIELD_KEY, "a new one"
    assert resealing.reseal(earlier) == 1
    assert Authenticator.objects.get().bin_key == b"the key of an app"
    assert not codes.token_set.exists()
    assert resealing.reseal(earlier) == 0


def test_an_authenticator_that_no_key_opens_hinders_nobody(environment: Environment, settings: Settings) -> None:
    Authenticator.objects.create(user=make_user(), key="00ff00ff")
    earlier, settings.FIELD_KEY = settings.FIELD_KEY, "a new one"
    assert resealing.reseal(earlier) == 1
