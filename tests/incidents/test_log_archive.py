"""The archive of SMS's logs: every line once, across restarts, switches and kills; redacted, bounded, readable."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone

from incidents import tasks
from incidents.models import LogFile, LogSource
from incidents.services import log_archive, log_reading, log_redaction
from incidents.services.log_reading import Entry, Wanted
from smsops.models import Environment
from smsops.runtimes import supervisor
from smsops.runtimes.base import LogLine
from tests.factories import make_environment, make_instance, make_release
from tests.ops.conftest import ops as ops
from tests.ops.terminal import Terminal
from tests.places import SECRET_KEY, Place, wait_for
from tests.runtimes.acts import kill, launch

CANARY = "canary-55cd-parent@home.example"


def ask(place: Place, word: str) -> None:
    """Let SMS write a line with that word."""
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=5)
    connection.request("GET", f"/api/v1/said?{word}")
    connection.getresponse().read()
    connection.close()


def read(environment: Environment, **wanted: object) -> list[Entry]:
    return list(log_reading.entries(environment, Wanted(**wanted)))  # type: ignore[arg-type]


def texts(environment: Environment) -> list[str]:
    return [entry.text for entry in read(environment)]


def archived(place: Place, word: str) -> int:
    """Collect until the word is there; how often it is."""

    def look() -> int:
        log_archive.collect(place.environment)
        return sum(word in text for text in texts(place.environment))

    return int(wait_for(look, f"{word} in the archive"))


@pytest.mark.slow
def test_every_line_is_there_once_across_restarts_and_new_instances(place: Place) -> None:
    place.add_env(EXTRA_API_KEY=CANARY)
    launch(place)
    ask(place, "first-word")
    assert (archived(place, "first-word"), archived(place, "first-word")) == (1, 1)
    ask(place, SECRET_KEY)
    ask(place, CANARY)
    kill(place)
    wait_for(place.serving, "SMS to serve again")
    ask(place, "second-word")
    assert archived(place, "second-word") == 1
    name = place.environment.instance
    place.runtime.stop(name, 5)
    place.runtime.rename(name, f"{name}-before-r1")
    launch(place)
    ask(place, "third-word")
    assert (archived(place, "third-word"), archived(place, "first-word")) == (1, 1)
    for source in LogSource.objects.all():
        kept = [entry.at for entry in read(place.environment) if entry.instance == source.name]
        assert Counter(kept) == Counter(line.at for line in place.runtime.log_lines(source.name))
    assert LogFile.objects.count() == LogSource.objects.count() == 2
    told = str(texts(place.environment))
    assert (SECRET_KEY in told, CANARY in told, "/api/v1/said?[redacted]" in told) == (False, False, True)


def test_the_command_reads_the_archive_and_what_was_said_since(native_sms_log: Place, ops: Terminal) -> None:
    place = native_sms_log
    ask(place, "first-word")
    wait_for(lambda: "first-word" in place.runtime.logs(place.environment.instance, 50), "the word in the log")
    said = ops("logs", place.name, "--since", "1h", "--grep", "first-w.rd", "--json")
    assert [("first-word" in each["text"]) for each in said.document] == [True]
    assert ops("logs", place.name, "--until", "2001-01-01").out == ""
    assert len(ops("logs", place.name, "--lines", 3).lines) == 3


@pytest.fixture
def native_sms_log(process_place: Place) -> Place:
    """A running SMS, natively."""
    launch(process_place)
    return process_place


@pytest.mark.parametrize("words", [["--since", "yesterday"], ["--grep", "("], ["--until", "9x"]])
def test_wrong_use_of_the_command_is_one_line(ops: Terminal, words: list[str]) -> None:
    said = ops("logs", make_environment().name, *words)
    assert (said.code, len(said.complaint) > 10) == (2, True)


class Voice:
    """An instance without a process: what it says is written by the supervisor's own log."""

    def __init__(self, folder: Path) -> None:
        self.environment = make_environment()
        self.instance = make_instance(self.environment, make_release(self.environment))
        self.folder = Path(settings.DATA_DIR) / "instances" / self.environment.name / self.instance.name

    def say(self, *lines: str) -> None:
        here = Path.cwd()
        os.chdir(self.folder)
        try:
            log = supervisor.Log()
            for line in lines:
                log.line(line.encode())
            log.file.close()
        finally:
            os.chdir(here)

    def collect(self) -> int:
        LogSource.objects.update(complete=False)  # it is never up
        return log_archive.collect(self.environment)

    def heard(self) -> list[str]:
        return texts(self.environment)


@pytest.fixture
def voice(tmp_path: Path, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Voice]:
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path / "smsops")
    voice = Voice(tmp_path)
    yield voice
    shutil.rmtree(voice.folder, ignore_errors=True)


def test_the_same_line_twice_is_there_twice_and_never_thrice(voice: Voice) -> None:
    voice.say("same", "same")
    voice.collect()
    voice.say("same")
    assert (voice.collect(), voice.collect()) == (1, 0)
    assert voice.heard() == ["same"] * 3


def test_many_lines_are_taken_in_batches(voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_archive, "BATCH", 7)
    monkeypatch.setattr(log_archive, "MOST_SEEN", 5)
    lines = [f"line {number}" for number in range(100)]
    voice.say(*lines[:60])
    voice.collect()
    voice.say(*lines[60:])
    voice.collect()
    assert voice.heard() == lines


def test_what_there_was_no_time_for_is_taken_by_the_next(voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_archive, "BATCH", 10)
    voice.say(*(f"line {number}" for number in range(25)))
    assert [log_archive.collect(voice.environment, seconds=0) for _ in range(4)] == [10, 10, 5, 0]
    assert voice.heard() == [f"line {number}" for number in range(25)]


def test_lines_the_engine_had_let_go_of_are_a_gap_that_is_told(voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    voice.say("early")
    voice.collect()
    monkeypatch.setattr(supervisor, "LOG_BYTES", 500)
    voice.say(*(f"line {number}" for number in range(400)))
    voice.collect()
    heard = voice.heard()
    assert heard[0] == "early"
    assert heard[1].startswith("[smsops] Lines after ")
    assert "may be missing: the engine had let go of them." in heard[1]
    assert heard[-1] == "line 399"


def test_rotation_without_loss_is_no_gap(voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LOG_BYTES", 2000)
    voice.say(*(f"line {number}" for number in range(60)))
    voice.collect()
    voice.say(*(f"line {number}" for number in range(60, 120)))
    voice.collect()
    assert voice.heard() == [f"line {number}" for number in range(120)]


def test_an_instance_that_was_removed_while_it_ran_is_told_once(voice: Voice) -> None:
    voice.say("last word")
    voice.collect()
    LogSource.objects.update(complete=False)
    shutil.rmtree(voice.folder)
    log_archive.collect(voice.environment)
    log_archive.collect(voice.environment)
    assert [text for text in voice.heard() if text.endswith("may be missing: it was removed.")] == voice.heard()[1:]
    assert len(voice.heard()) == 2


def test_killed_at_any_line_every_line_is_there_once(voice: Voice) -> None:
    from tests.backups.test_killed import dying, length

    said: list[str] = []

    def speak() -> None:
        said.append(f"line {len(said)}")
        voice.say(said[-1])

    speak()
    lines = length(voice.collect)
    for at in range(1, max(lines, 40), max(1, lines // 25)):
        speak()
        connections.close_all()
        pid = os.fork()
        if pid == 0:
            try:
                import sys

                sys.settrace(dying(at))
                voice.collect()
            finally:
                os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) in (0, -signal.SIGKILL)
    voice.collect()
    assert voice.heard() == said


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


def test_only_lines_of_the_span_are_read(voice: Voice) -> None:
    days(voice, 3)
    day = date.today() - timedelta(days=2)  # noqa: DTZ011
    since = datetime(day.year, day.month, day.day, tzinfo=UTC)
    found = read(voice.environment, since=since, until=since + timedelta(days=1))
    assert {entry.at[:10] for entry in found} == {str(day)}
    assert len(found) == 100


def test_two_at_once_do_not_get_in_each_others_way(voice: Voice) -> None:
    voice.say("one")
    with log_archive._alone(log_archive.folder_of(voice.environment)):
        assert voice.collect() == 0
    assert voice.collect() == 1


def test_a_key_over_several_lines_and_open_quotes_are_redacted() -> None:
    begin, end = ("-----" + word + " RSA PRIVATE KEY-----" for word in ("BEGIN", "END"))
    said = ["before", begin, "MIIEcanary", end, 'password="canary', 'still canary"', "after"]
    found = [line.text for line in log_redaction.redact_lines([LogLine("t", text) for text in said], [])]
    assert len(found) == len(said)
    assert (found[0], found[-1], "MIIE" in str(found), 'password="canary' in str(found)) == (
        "before",
        "after",
        False,
        False,
    )


def test_an_archive_that_cannot_be_written_is_one_line_in_our_own_log(
    voice: Voice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(settings, "SMSOPS_LOGS_DIR", tmp_path / "file")
    tasks.archive_log(voice.environment.pk)
    assert [record.getMessage().startswith("no log of") for record in caplog.records] == [True]
