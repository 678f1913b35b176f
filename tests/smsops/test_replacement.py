"""A file's content exchanged in one step: as it was, or all of the new one, and like the old one to everybody."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smsops import replacement
from smsops.errors import LeaseLost, OpsError
from tests.kills import die, killed
from tests.runtimes.acts import small_disk

OLD, NEW = b"SECRET_KEY=old\r\n", b"SECRET_KEY=" + b"n" * 64 + b"\r\n"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a disk and give a file away")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sms.env"
    path.write_bytes(OLD)
    path.chmod(0o640)
    return path


def replace(path: Path, guard: Callable[[], None] = lambda: None) -> None:
    replacement.replace(path, OLD, NEW, "r7-t3", guard)


def refused(act: Callable[[], None], path: Path) -> str:
    """Why it was refused; the file is as before and nothing lies beside it."""
    with pytest.raises(OpsError) as caught:
        act()
    assert path.read_bytes() == OLD
    assert left(path) == []
    return caught.value.message


def left(path: Path) -> list[str]:
    return [each.name for each in path.parent.iterdir() if each.name.startswith(".")]


@as_root
def test_owner_and_mode_stay_and_nothing_lies_beside_it(file: Path) -> None:
    os.chown(file, 1000, 1001)
    replace(file)
    status = file.stat()
    assert (file.read_bytes(), left(file)) == (NEW, [])
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (1000, 1001, 0o640)


def test_a_link_stays_and_what_it_leads_to_is_replaced(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.env"
    link.symlink_to(file)
    replace(link)
    assert (link.is_symlink(), file.read_bytes()) == (True, NEW)


def test_a_file_that_somebody_changed_meanwhile_is_left_alone(file: Path) -> None:
    file.write_bytes(OLD + b"MORE=1\n")
    with pytest.raises(OpsError, match="was changed by somebody meanwhile"):
        replace(file)
    assert (file.read_bytes(), left(file)) == (OLD + b"MORE=1\n", [])


def test_a_worker_that_was_overtaken_changes_nothing(file: Path) -> None:
    def overtaken() -> None:
        raise LeaseLost

    with pytest.raises(LeaseLost):
        replace(file, overtaken)
    assert (file.read_bytes(), left(file)) == (OLD, [])


def test_a_worker_that_was_killed_leaves_the_old_file_and_its_rest_is_cleared(file: Path) -> None:
    killed(lambda: replace(file, die))
    assert (file.read_bytes(), left(file)) == (OLD, [".sms.env.smsops-r7-t3"])
    assert (file.parent / ".sms.env.smsops-r7-t3").stat().st_mode & 0o777 == 0o640
    replacement.clear(file, "r7-")
    assert left(file) == []


def test_who_was_cleared_away_cannot_rename_any_more(file: Path) -> None:
    said = refused(lambda: replace(file, lambda: replacement.clear(file, "r7-")), file)
    assert said == f"{file} cannot be replaced: No such file or directory."


def test_a_file_nobody_may_write_is_refused_at_the_rehearsal(file: Path) -> None:
    file.chmod(0o440)
    assert refused(lambda: replacement.rehearse(file, 99, "x"), file) == f"{file} is read-only."


def test_a_file_with_a_second_name_is_refused_at_the_rehearsal(file: Path, tmp_path: Path) -> None:
    (tmp_path / "second.env").hardlink_to(file)
    assert "has a second name" in refused(lambda: replacement.rehearse(file, 99, "x"), file)


def test_a_rehearsal_changes_nothing(file: Path) -> None:
    before = file.stat()
    replacement.rehearse(file, 99, "x")
    assert (file.stat().st_ino, file.stat().st_mtime_ns, left(file)) == (before.st_ino, before.st_mtime_ns, [])


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A file on a disk of 16 kB, of which 12 kB are left."""
    with small_disk(tmp_path / "small", "16k") as disk:
        (disk / "sms.env").write_bytes(OLD)
        yield disk / "sms.env"


@pytest.mark.parametrize("act", [replace, lambda path: replacement.rehearse(path, 99, "x")])
def test_a_full_disk_is_one_sentence_and_changes_nothing(full: Path, act: Callable[[Path], None]) -> None:
    (full.parent / "filler").write_bytes(b"x" * 12_288)
    said = refused(lambda: act(full), full)
    assert said == f"{full} cannot be replaced: No space left on device."


@pytest.mark.parametrize("act", [replace, lambda path: replacement.rehearse(path, 99, "x")])
def test_a_disk_that_is_read_only_is_one_sentence(full: Path, act: Callable[[Path], None]) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(full.parent)], check=True)
    said = refused(lambda: act(full), full)
    assert said in (f"{full} is read-only.", f"{full} cannot be replaced: Read-only file system.")


@as_root
def test_a_file_that_is_mounted_by_itself_is_refused_before_anything(file: Path) -> None:
    subprocess.run(["mount", "--bind", str(file), str(file)], check=True)
    try:
        said = refused(lambda: replacement.rehearse(file, 99, "x"), file)
    finally:
        subprocess.run(["umount", str(file)], check=True)
    assert said == f"{file} is mounted by itself and cannot be replaced."
