"""The files of the log archive: private, mended, told where they are damaged, and gone when it is time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from incidents import tasks
from incidents.models import LogFile, LogSource
from incidents.services import log_archive
from smsops.runtimes.base import LogLine
from tests.incidents.voices import Voice, read


def test_a_torn_end_of_a_file_is_not_read_and_cut_off(voice: Voice) -> None:
    voice.say("one")
    voice.collect()
    path = Path(LogFile.objects.get().path)
    path.write_bytes(path.read_bytes() + b"half a frame" * 1000)
    assert voice.heard() == ["one"]
    voice.say("two")
    voice.collect()
    assert (voice.heard(), path.stat().st_size) == (["one", "two"], LogFile.objects.get().size)


def test_a_damaged_file_is_told_and_hides_no_other(voice: Voice) -> None:
    voice.say("one")
    voice.collect()
    path = Path(LogFile.objects.get().path)
    path.write_bytes(bytes(path.stat().st_size))
    assert voice.heard()[0].startswith("[smsops] The rest of this instance's lines of")


def test_files_and_folders_are_private(voice: Voice) -> None:
    voice.say("one")
    voice.collect()
    path = Path(LogFile.objects.get().path)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def days(voice: Voice, count: int) -> None:
    """A file for each of the last days, of a hundred lines."""
    voice.collect()
    source = LogSource.objects.get()
    for ago in range(count, 0, -1):
        day = (datetime.now(UTC) - timedelta(days=ago)).isoformat()[:10]
        log_archive.keep(source, [LogLine(f"{day}T12:00:00.{n:06d}Z", f"line {n} of {day}") for n in range(100)], [])


def test_old_days_go_after_thirty(voice: Voice) -> None:
    days(voice, 33)
    assert log_archive.tidy(voice.environment) == 3
    assert min(LogFile.objects.values_list("day", flat=True)) == timezone.now().date() - timedelta(days=30)
    assert len(list(log_archive.folder_of(voice.environment).glob("*.zst"))) == LogFile.objects.count() == 30


def test_the_oldest_go_when_it_is_too_much(voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    days(voice, 5)
    sizes = list(LogFile.objects.order_by("-day").values_list("size", flat=True))
    monkeypatch.setattr(settings, "SMSOPS_LOGS_BYTES", sum(sizes[:2]))
    log_archive.tidy(voice.environment)
    newest = timezone.now().date()
    assert list(LogFile.objects.values_list("day", flat=True)) == [
        newest - timedelta(days=2),
        newest - timedelta(days=1),
    ]


def test_an_archive_that_cannot_be_written_is_one_line_in_our_own_log(
    voice: Voice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(settings, "SMSOPS_LOGS_DIR", tmp_path / "file")
    tasks.archive_log(voice.environment.pk)
    assert [record.getMessage().startswith("no log of") for record in caplog.records] == [True]


def test_only_lines_of_the_span_are_read(voice: Voice) -> None:
    days(voice, 3)
    day = date.today() - timedelta(days=2)  # noqa: DTZ011
    since = datetime(day.year, day.month, day.day, tzinfo=UTC)
    found = read(voice.environment, since=since, until=since + timedelta(days=1))
    assert {entry.at[:10] for entry in found} == {str(day)}
    assert len(found) == 100
