"""smsops' own database is away, was never made, or cannot be written: one sentence, never where it was raised."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ops.terminal import MANAGE, Said


def asked(folder: Path, address: str, *words: str) -> Said:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SMSOPS_")}
    told = {"DJANGO_SETTINGS_MODULE": "smsops.settings", "SMSOPS_DATA_DIR": str(folder), "SMSOPS_DATABASE_URL": address}
    done = subprocess.run(
        [sys.executable, str(MANAGE), "ops", *words],
        env=plain | told, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://smsops:cAn4ry@127.0.0.1:1/smsops", "The database of smsops cannot be used: connection failed"),
        ("sqlite:////nowhere/smsops.sqlite3", "The database of smsops cannot be used: unable to open database file."),
        ("sqlite:///{folder}/new.sqlite3", "The database of smsops is of another version: no such table: smsops_env"),
    ],
)
def test_it_is_told_in_one_sentence(tmp_path: Path, address: str, said: str) -> None:
    found = asked(tmp_path, address.format(folder=tmp_path), "status")
    assert (found.code, found.out) == (1, "")
    assert found.complaint.startswith(said)
    assert "cAn4ry" not in found.err


def test_what_changes_something_says_that_it_is_in_no_trail_either(tmp_path: Path) -> None:
    found = asked(tmp_path, "sqlite:////nowhere/smsops.sqlite3", "backup", "school")
    assert (found.code, "Traceback" in found.err) == (1, False)
    assert found.err.splitlines()[-2:] == [
        "The audit trail cannot be written; it goes on without.",
        "The database of smsops cannot be used: unable to open database file.",
    ]
