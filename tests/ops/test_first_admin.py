"""`ops first-admin`: once, without a password on the command line."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from tests.ops.terminal import Terminal

PASSWORD = "seventeen-Blue-herons"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "password"
    found.write_text(f"{PASSWORD}\n")
    return found


def test_the_password_comes_from_a_file(ops: Terminal, file: Path) -> None:
    said = ops("first-admin", "lead", "--email", "lead@school.example", "--password-file", file)
    user = User.objects.get()
    assert said.code == 0 and PASSWORD not in said.out + said.err
    assert user.is_superuser and user.is_staff and user.check_password(PASSWORD)


def test_or_from_the_input(ops: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert ops("first-admin", "lead").code == 0
    assert User.objects.get().check_password(PASSWORD)


def test_the_same_again_changes_nothing(ops: Terminal, file: Path) -> None:
    ops("first-admin", "lead", "--password-file", file)
    file.write_text("another-Purple-heron")
    said = ops("first-admin", "lead", "--password-file", file)
    assert (said.code, said.out) == (0, "lead is an administrator already; nothing was changed.\n")
    assert User.objects.get().check_password(PASSWORD)


def test_a_second_one_is_made_in_the_admin(ops: Terminal, file: Path) -> None:
    ops("first-admin", "lead", "--password-file", file)
    said = ops("first-admin", "second", "--password-file", file)
    assert said.code == 2 and "There is an administrator already: lead." in said.complaint
    assert User.objects.count() == 1


@pytest.mark.parametrize("password", ["12345678", "lead-lead", ""])
def test_a_weak_password_is_refused_in_a_sentence(ops: Terminal, file: Path, password: str) -> None:
    file.write_text(password)
    said = ops("first-admin", "lead-lead", "--password-file", file)
    assert said.code == 2 and "password" in said.complaint
    assert not User.objects.exists()


def test_a_file_that_is_not_there_is_told(ops: Terminal, tmp_path: Path) -> None:
    said = ops("first-admin", "lead", "--password-file", tmp_path / "none")
    assert said.code == 2 and "cannot be read" in said.complaint
