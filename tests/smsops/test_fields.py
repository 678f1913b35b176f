"""Text that the database only ever holds encrypted."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.serializers.base import DeserializationError
from django.db import connection
from pytest_django import Settings

from smsops.fields import decrypt, encrypt
from smsops.models import Environment

CANARY = "canary-correct-horse"


def _column() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT smoke_password FROM smsops_environment")
        return str(cursor.fetchone()[0])


def _set(environment: Environment, password: str) -> None:
    environment.smoke_password = password
    environment.save()


def test_the_column_holds_no_clear_text_and_the_model_gives_it_back(environment: Environment) -> None:
    _set(environment, CANARY)
    assert _column().startswith("aesgcm1:")
    assert CANARY not in _column()
    assert Environment.objects.get().smoke_password == CANARY


def test_an_update_without_a_model_is_encrypted_too(environment: Environment) -> None:
    Environment.objects.update(smoke_password=CANARY)
    assert CANARY not in _column()
    assert Environment.objects.get().smoke_password == CANARY


def test_a_password_that_looks_sealed_is_sealed_too(environment: Environment) -> None:
    _set(environment, "aesgcm1:canary")
    assert "canary" not in _column()
    assert Environment.objects.get().smoke_password == "aesgcm1:canary"


def test_empty_stays_empty(environment: Environment) -> None:
    _set(environment, "")
    assert _column() == ""


def test_with_another_key_the_field_is_empty(environment: Environment, settings: Settings) -> None:
    _set(environment, CANARY)
    settings.FIELD_KEY = "another key"
    assert Environment.objects.get().smoke_password == ""


def test_saving_what_was_read_keeps_it(environment: Environment) -> None:
    _set(environment, CANARY)
    Environment.objects.get().save()
    assert Environment.objects.get().smoke_password == CANARY


def test_the_same_text_is_never_sealed_the_same_way_twice() -> None:
    assert encrypt(CANARY) != encrypt(CANARY)


@pytest.mark.parametrize("text", ["a", "Ελληνικά 🔑", "x" * 10_000, "two\nlines"])
def test_any_text_comes_back_as_it_was(text: str) -> None:
    assert decrypt(encrypt(text)) == text


def test_a_changed_value_is_not_taken_for_the_text() -> None:
    sealed = encrypt(CANARY)
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    assert decrypt(changed) == ""


def dumped(folder: Path) -> Path:
    """The environments as `dumpdata` has them."""
    found, file = StringIO(), folder / "rows.json"
    call_command("dumpdata", "smsops.environment", stdout=found)
    file.write_text(found.getvalue())
    return file


def test_a_dump_of_the_rows_has_no_secret_in_the_open(environment: Environment, tmp_path: Path) -> None:
    _set(environment, CANARY)
    text = dumped(tmp_path).read_text()
    assert "aesgcm1-dump:" in text
    assert CANARY not in text


def test_a_dump_brings_back_the_secret(environment: Environment, tmp_path: Path) -> None:
    _set(environment, CANARY)
    file = dumped(tmp_path)
    _set(environment, "another one")
    call_command("loaddata", str(file), verbosity=0)
    assert Environment.objects.get().smoke_password == CANARY
    assert _column().startswith("aesgcm1:")


def test_a_dump_with_another_field_key_is_refused(environment: Environment, tmp_path: Path, settings: Settings) -> None:
    _set(environment, CANARY)
    file = dumped(tmp_path)
    settings.FIELD_KEY = "another key"
    with pytest.raises(DeserializationError, match="another field key"):
        call_command("loaddata", str(file), verbosity=0)


def test_what_was_dumped_of_one_field_opens_in_no_other(environment: Environment, tmp_path: Path) -> None:
    _set(environment, CANARY)
    file = dumped(tmp_path)
    (row,) = json.loads(file.read_text())
    row["fields"]["database_url"] = row["fields"]["smoke_password"]
    file.write_text(json.dumps([row]))
    with pytest.raises(DeserializationError, match="another field"):
        call_command("loaddata", str(file), verbosity=0)
