"""Which second factor an installation wants by itself, and which words are no setting."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from smsops.checks import signing_in_is_set_up

ROOT = Path(__file__).resolve().parents[2]
ASK = "from smsops import settings; print(settings.SMSOPS_TOTP)"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, "offered"),
        ({"SMSOPS_DATABASE_URL": "postgresql://smsops@db/smsops"}, "required"),
        ({"SMSOPS_BROKER_URL": "redis://redis/0"}, "required"),
        ({"SMSOPS_BROKER_URL": "redis://redis/0", "SMSOPS_TOTP": "off"}, "off"),
    ],
    ids=str,
)
def test_a_second_factor_is_required_where_several_people_work(
    tmp_path: Path, given: dict[str, str], wanted: str
) -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SMSOPS_")}
    asked = [sys.executable, "-c", ASK]
    env = {**plain, "SMSOPS_DATA_DIR": str(tmp_path), **given}
    assert subprocess.run(asked, env=env, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip() == wanted


def test_e003_a_word_that_is_no_mode_is_named(settings: Settings) -> None:
    settings.SMSOPS_TOTP = "Required"
    (found,) = signing_in_is_set_up(None)
    assert (found.id, found.msg) == ("smsops.E003", "SMSOPS_TOTP is “Required”.")


def test_e004_a_provider_without_its_client_is_named(settings: Settings) -> None:
    settings.SMSOPS_OIDC_ISSUER = "https://id.school.example"
    assert [each.id for each in signing_in_is_set_up(None)] == ["smsops.E004"]
    settings.SMSOPS_OIDC_CLIENT_ID = settings.SMSOPS_OIDC_CLIENT_SECRET = "x"
    assert signing_in_is_set_up(None) == []
