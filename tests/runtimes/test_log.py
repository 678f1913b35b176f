"""The supervisor's log: a time before every line, a few files of bounded size, read from its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smsops.runtimes import supervisor
from smsops.runtimes.instance_folder import log_tail, newest_lines
from tests.runtimes.acts import fill, small_disk


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[supervisor.Log]:
    """A log in the test's folder whose files hold 1000 bytes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(supervisor, "LOG_BYTES", 1000)
    log = supervisor.Log()
    yield log
    log.file.close()


def write(log: supervisor.Log, lines: int) -> None:
    for number in range(lines):
        log.line(f"line {number}\n".encode())


def test_a_log_is_kept_in_five_files_of_bounded_size(log: supervisor.Log, tmp_path: Path) -> None:
    write(log, 1000)
    found = {path.name: path.stat().st_size for path in tmp_path.glob("log*")}
    assert set(found) == {"log", "log.1", "log.2", "log.3", "log.4"}
    assert max(found.values()) < 1100


def test_the_newest_lines_are_kept_in_order(log: supervisor.Log, tmp_path: Path) -> None:
    write(log, 1000)
    names = ("log.4", "log.3", "log.2", "log.1", "log")
    lines = [line.split(" ", 1)[1] for name in names for line in (tmp_path / name).read_text().splitlines()]
    assert lines == [f"line {number}" for number in range(1000 - len(lines), 1000)]


def test_the_tail_reaches_into_the_file_before(log: supervisor.Log, tmp_path: Path) -> None:
    write(log, 32)
    assert len((tmp_path / "log").read_text().splitlines()) < 10
    assert log_tail(tmp_path, 10, None).splitlines() == [f"line {number}" for number in range(22, 32)]


def test_the_newest_lines_since_a_moment_are_found_from_the_end_and_beyond_it(
    log: supervisor.Log, tmp_path: Path
) -> None:
    write(log, 20)
    moment = datetime.now(UTC)
    write(log, 30)  # over two changes of the file
    assert [line.text for line in newest_lines(tmp_path, moment, 100)] == [f"line {number}" for number in range(30)]
    assert [line.text for line in newest_lines(tmp_path, moment, 5)] == [f"line {number}" for number in range(25, 30)]
    log.line(b"last\n")
    assert [line.text for line in newest_lines(tmp_path, None, 1)] == ["last"]


def test_every_line_has_its_time(log: supervisor.Log, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    log.line(b"said\n")
    at = datetime.fromisoformat((tmp_path / "log").read_text().split(" ")[0].replace("Z", "+00:00"))
    assert before <= at <= datetime.now(UTC)


def test_the_tail_begins_at_a_moment(log: supervisor.Log, tmp_path: Path) -> None:
    log.line(b"earlier\n")
    moment = datetime.now(UTC)
    log.line(b"later\n")
    assert log_tail(tmp_path, 10, moment) == "later\n"
    assert log_tail(tmp_path, 10, moment + timedelta(minutes=1)) == ""


def test_bytes_that_are_no_text_are_shown_and_hide_nothing(log: supervisor.Log, tmp_path: Path) -> None:
    log.line(b"caf\xe9 \xff\n")
    log.line("naïve £\n".encode())
    assert log_tail(tmp_path, 10, None).splitlines() == ["caf\ufffd \ufffd", "naïve £"]


def test_a_log_goes_on_in_a_renamed_folder(log: supervisor.Log, tmp_path: Path) -> None:
    renamed = tmp_path.rename(tmp_path.with_name(f"{tmp_path.name}-renamed"))
    write(log, 100)
    assert log_tail(renamed, 1, None) == "line 99\n"
    renamed.rename(tmp_path)


def test_a_full_disk_loses_lines_and_raises_nothing(
    log: supervisor.Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "disk", "256k") as disk:
        monkeypatch.chdir(disk)
        full = supervisor.Log()
        fill(disk)
        write(full, 5)
        full.file.close()
        monkeypatch.chdir(tmp_path)
        assert "line" not in log_tail(disk, 10, None)
