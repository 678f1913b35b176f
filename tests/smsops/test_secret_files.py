"""The secrets of an installation: made once, told in a sentence when they are missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from smsops import secret_files

ROOT = Path(__file__).resolve().parents[2]


def test_they_are_made_once_and_never_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert secret_files.make(folder) == [
        "postgres_password", "secret_key", "field_key", "email_password", "oidc_client_secret",
    ]  # fmt: skip
    before = {path.name: path.read_text() for path in folder.iterdir()}
    assert secret_files.make(folder) == []
    assert {path.name: path.read_text() for path in folder.iterdir()} == before
    assert before["email_password"] == before["oidc_client_secret"] == ""
    assert len(set(before.values())) == 4 and len(before["field_key"]) >= 48


def test_the_folder_is_for_its_owner_alone_and_the_files_for_any_service(tmp_path: Path) -> None:
    secret_files.make(tmp_path / "secrets")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "secrets").iterdir()}
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert modes == {
        "postgres_password": 0o444, "secret_key": 0o444, "field_key": 0o444,
        "email_password": 0o644, "oidc_client_secret": 0o644,
    }  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_files_belong_to_the_folder_s_owner(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    os.chown(folder, 4711, 4711)
    secret_files.make(folder)
    assert {path.stat().st_uid for path in folder.iterdir()} == {4711}


@pytest.mark.parametrize(("text", "said"), [(None, "there is no file"), (" \n", "is empty")])
def test_a_missing_or_empty_file_is_told_in_a_sentence(tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "field_key"
    if text is not None:
        file.write_text(text)
    found = secret_files.problem({"SMSOPS_FIELD_KEY_FILE": str(file)})
    assert found.startswith("SMSOPS_FIELD_KEY_FILE: ") and said in found and "docker-compose run" in found


def test_without_files_nothing_is_wrong() -> None:
    assert secret_files.problem({"SMSOPS_FIELD_KEY": "a key"}) == ""


def test_manage_py_says_that_sentence_and_nothing_else(tmp_path: Path) -> None:
    told = {**os.environ, "SMSOPS_FIELD_KEY_FILE": str(tmp_path / "none"), "DJANGO_SETTINGS_MODULE": "smsops.settings"}
    words = [sys.executable, "manage.py", "ops", "status"]
    done = subprocess.run(words, cwd=ROOT, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("SMSOPS_FIELD_KEY_FILE: there is no file") and "Traceback" not in done.stderr


def test_the_database_s_password_comes_from_a_file_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    told = {**os.environ, "SMSOPS_DATA_DIR": str(tmp_path), "SMSOPS_DATABASE_URL": "postgresql://smsops@db/smsops"}
    asked = "from smsops.settings import DATABASES as found; print(repr(found['default']['PASSWORD']))"
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=ROOT, env=told | {"SMSOPS_DATABASE_PASSWORD_FILE": str(file)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "'hunter2'\n"
