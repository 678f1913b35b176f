"""The archive of SMS's logs: every line once, across restarts, switches and kills; redacted, bounded, readable."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import time
from collections import Counter

import pytest
from django.db import connections

from backups.vault.shelf import turn
from incidents.expressions import searching
from incidents.models import LogFile, LogSource
from incidents.services import log_archive, log_places, log_redaction, log_search
from smsops.runtimes import supervisor
from smsops.runtimes.base import LogLine
from tests.factories import make_environment
from tests.incidents.voices import CANARY, Voice, read, texts
from tests.ops.conftest import ops as ops
from tests.ops.terminal import Terminal
from tests.places import SECRET_KEY, Place, wait_for
from tests.runtimes.acts import kill, launch


def ask(place: Place, word: str) -> None:
    """Let SMS write a line with that word."""
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=5)
    connection.request("GET", f"/api/v1/said?{word}")
    connection.getresponse().read()
    connection.close()


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


def test_an_expression_that_goes_astray_is_refused_by_the_command_in_a_sentence(
    voice: Voice, ops: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_search, "SECONDS", 0.1)
    voice.say("a" * 1_000 + "!" + "a" * 50_000, "the database is locked")
    voice.collect()
    began = time.monotonic()
    said = ops("logs", voice.environment.name, "--grep", "(a+)+$")
    assert (said.code, time.monotonic() - began < 2 * searching.BACKSTOP) == (2, True)
    assert "“(a+)+$” cannot be searched for. It took more than 0.1 s for" in said.complaint
    assert len(ops("logs", voice.environment.name, "--grep", "is l.cked").lines) == 1


@pytest.mark.parametrize("words", [["--since", "yesterday"], ["--grep", "("], ["--until", "9x"]])
def test_wrong_use_of_the_command_is_one_line(ops: Terminal, words: list[str]) -> None:
    said = ops("logs", make_environment().name, *words)
    assert (said.code, len(said.complaint) > 10) == (2, True)


def test_the_same_line_twice_is_there_twice_and_never_thrice(voice: Voice) -> None:
    voice.say("same", "same")
    voice.collect()
    voice.say("same")
    assert (voice.collect(), voice.collect()) == (1, 0)
    assert voice.heard() == ["same"] * 3


def test_many_lines_are_taken_in_batches(voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_archive, "BATCH", 7)
    monkeypatch.setattr(log_places, "MOST_SEEN", 5)
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


def test_two_at_once_do_not_get_in_each_others_way(voice: Voice) -> None:
    voice.say("one")
    with turn(log_archive.folder_of(voice.environment), ".lock"):
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
