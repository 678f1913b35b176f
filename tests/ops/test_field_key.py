"""`ops field-key`: the field key of smsops itself, exchanged."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from smsops.models import Environment
from tests.ops.terminal import Terminal

CANARY = "cAn4ry"


@pytest.fixture
def earlier(tmp_path: Path, settings: Settings, transactional_db: None) -> Path:
    """A secret sealed with the key in a file, and another key in its place."""
    Environment.objects.create(name="school", smoke_email="a@b.example", smoke_password=CANARY)
    file = tmp_path / "earlier"
    file.write_text(f"{settings.FIELD_KEY}\n")
    settings.FIELD_KEY = "a new one"
    return file


def test_secrets_open_with_the_new_key_afterwards(ops: Terminal, earlier: Path) -> None:
    said = ops("field-key", "--earlier-file", earlier, "--json")
    assert (said.code, said.document) == (0, {"resealed": 1})
    assert Environment.objects.get().smoke_password == CANARY


def test_another_key_than_that_of_before_changes_nothing(ops: Terminal, earlier: Path) -> None:
    earlier.write_text("a third")
    said = ops("field-key", "--earlier-file", earlier)
    assert said.code != 0 and "Neither field key opens the smoke_password" in said.err


def test_the_key_of_now_is_no_earlier_one(ops: Terminal, earlier: Path, settings: Settings) -> None:
    earlier.write_text(settings.FIELD_KEY)
    said = ops("field-key", "--earlier-file", earlier)
    assert said.code == 2 and "the field key of now" in said.complaint
