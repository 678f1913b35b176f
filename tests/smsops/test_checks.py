"""System checks: bad configuration is a message with a hint."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from smsops.checks import folders_are_usable

FOLDERS = ["DATA_DIR", "SMSOPS_VAULT_DIR", "SMSOPS_WORK_DIR", "SMSOPS_EVIDENCE_DIR"]


@pytest.mark.parametrize("name", FOLDERS)
def test_e001_a_folder_that_cannot_be_written_is_named_with_its_setting(
    tmp_path: Path, settings: Settings, name: str
) -> None:
    file = tmp_path / "file"
    file.touch(0o600)
    setattr(settings, name, file / "below")
    (found,) = folders_are_usable(None)
    assert (found.id, found.msg) == ("smsops.E001", f"{file}/below cannot be written.")
    assert name in str(found.hint)
    assert str(file) in str(found.hint)


def test_e001_a_program_in_the_place_of_a_folder_is_no_folder(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "file").touch(0o755)
    settings.SMSOPS_VAULT_DIR = tmp_path / "file"
    assert [found.id for found in folders_are_usable(None)] == ["smsops.E001"]


def test_a_folder_that_is_still_to_be_made_is_fine(tmp_path: Path, settings: Settings) -> None:
    settings.SMSOPS_VAULT_DIR = tmp_path / "not" / "there" / "yet"
    assert folders_are_usable(None) == []
    assert not (tmp_path / "not").exists()


def test_a_path_given_as_text_is_understood(tmp_path: Path, settings: Settings) -> None:
    settings.SMSOPS_VAULT_DIR = str(tmp_path)
    assert folders_are_usable(None) == []


def test_the_check_is_part_of_django_s_own(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "file").touch(0o600)
    settings.SMSOPS_WORK_DIR = tmp_path / "file" / "below"
    assert "smsops.E001" in [message.id for message in run_checks()]
