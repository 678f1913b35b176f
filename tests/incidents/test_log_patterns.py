"""Log patterns: counted, followed line by line across restarts and kills, and never able to hang who follows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from backups.vault.shelf import turn
from incidents.detection import causes, hits, log_following, survey
from incidents.detection.hits import Count
from incidents.expressions import searching
from incidents.models import Incident, LogPattern, LogPosition
from incidents.services import log_archive, triage
from incidents.services.incidents import Sign
from smsops.models import RunState
from smsops.runtimes.base import LogLine
from tests.factories import make_run
from tests.incidents.voices import CANARY, Voice

ASTRAY = r"^(a+)+$"


@pytest.fixture
def locked(voice: Voice) -> LogPattern:
    """The only pattern: three such lines within a minute."""
    return pattern(times=3)


def pattern(**fields: Any) -> LogPattern:
    LogPattern.objects.all().delete()
    values = {"name": "Locked", "expression": "is locked", "severity": "high", **fields}
    return LogPattern.objects.create(**values)


def lines(*seconds: float) -> list[LogLine]:
    return [LogLine(f"2026-03-01T12:{int(at) // 60:02}:{int(at) % 60:02}.500000Z", f"line {at}") for at in seconds]


def counted(found: Count, *seconds: float) -> Sign | None:
    return hits.add(LogPattern(name="Locked", times=3, seconds=60, severity="high"), found, lines(*seconds))


def test_so_many_lines_within_so_long_are_a_sign_and_fewer_or_slower_ones_are_not() -> None:
    assert counted(Count(), 0, 30) is None
    assert counted(Count(), 0, 50, 100, 150, 200) is None
    sign = counted(Count(), 0, 30, 59)
    assert sign is not None
    assert sign.detail == "SMS logged 3 lines like it within 60 s, the last at 2026-03-01 12:00:59 UTC: line 59"


def test_what_is_counted_is_counted_on_by_the_next_step_and_told_once_a_minute() -> None:
    count = Count()
    assert counted(count, 0, 30) is None
    assert counted(count, 40) is not None
    assert counted(count, 41, 42, 99) is None
    assert counted(count, 101) is not None


def test_lines_are_followed_once_each_and_become_one_incident(voice: Voice, locked: LogPattern) -> None:
    voice.say("the database is locked", "all is well")
    assert (log_following.follow(voice.environment), log_following.follow(voice.environment)) == (2, 0)
    voice.say("the database is locked")
    log_following.follow(voice.environment)
    assert not Incident.objects.exists()
    voice.say(f"the database is locked password={CANARY}")
    assert log_following.follow(voice.environment) == 1
    incident = Incident.objects.get()
    assert (incident.title, incident.severity, incident.fingerprint) == ("Log: Locked", "high", locked.fingerprint)
    assert CANARY not in str(list(incident.timeline.values_list("text", flat=True)))


def test_who_follows_on_this_machine_does_so_alone(voice: Voice, locked: LogPattern) -> None:
    voice.say("the database is locked")
    with turn(log_archive.folder_of(voice.environment), ".following"):
        assert log_following.take_turn(voice.environment) == 0
    assert log_following.take_turn(voice.environment) == 1


def test_a_line_with_a_nul_in_it_is_a_line_like_any_other(voice: Voice) -> None:
    pattern()
    voice.say("the database\0 is locked")
    assert (log_following.follow(voice.environment), log_following.follow(voice.environment)) == (1, 0)
    incident = Incident.objects.get()
    looked = triage.take(incident)
    told = " ".join([incident.title, looked.words, *incident.timeline.values_list("text", flat=True)])
    assert told.count("the database is locked") == 2
    assert "\0" not in told


def test_who_was_overtaken_while_it_searched_writes_nothing(
    voice: Voice, locked: LogPattern, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, others = searching.find, list[int]()

    def slowly(expressions: Mapping[str, str], lines: list[str]) -> dict[str, list[int] | str]:
        monkeypatch.setattr(searching, "find", search)
        for _ in range(2):  # somebody else takes these lines, and newer ones
            others.append(log_following.follow(voice.environment))
            voice.say("the database is locked")
        return search(expressions, lines)

    voice.say("the database is locked")
    monkeypatch.setattr(searching, "find", slowly)
    assert (log_following.follow(voice.environment), others) == (0, [1, 1])
    assert len(LogPosition.objects.get().hits[str(locked.pk)]["at"]) == 2
    assert log_following.follow(voice.environment) == 1
    assert Incident.objects.get().timeline.filter(kind="sign").count() == 1


def test_who_is_killed_before_it_is_written_leaves_the_lines_to_the_next(
    voice: Voice, locked: LogPattern, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice.say(*["the database is locked"] * 3)
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(causes, "report", lambda *_: (_ for _ in ()).throw(SystemExit))
        log_following.follow(voice.environment)
    assert LogPosition.objects.get().taken_until == ""
    assert log_following.follow(voice.environment) == 3
    assert Incident.objects.count() == 1


def test_a_burst_that_is_longer_than_a_step_is_taken_in_several(
    voice: Voice, locked: LogPattern, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_following, "LINES", 10)
    voice.say(*(f"line {number}" for number in range(25)))
    taken = [log_following.follow(voice.environment) for _ in range(5)]
    assert (sum(taken), taken[-1]) == (25, 0)


def test_what_sms_logs_during_a_change_of_ours_is_ours_unless_it_is_about_data(voice: Voice) -> None:
    pattern()
    LogPattern.objects.create(name="Damaged", expression="malformed", severity="critical", issue="data")
    make_run(voice.environment, kind="deploy", disturbs=True, state=RunState.RUNNING)
    voice.say("the database is locked", "the disk image is malformed")
    log_following.follow(voice.environment)
    assert Incident.objects.get().title == "Log: Damaged"


def test_it_is_over_when_no_such_line_came_for_long_enough(voice: Voice) -> None:
    found = pattern()
    voice.say("the database is locked")
    log_following.follow(voice.environment)
    survey.look_now(voice.environment.pk)
    assert Incident.objects.get(fingerprint=found.fingerprint).live
    position = LogPosition.objects.get()
    position.hits[str(found.pk)]["last"] = "2026-03-01T12:00:00Z"
    position.save()
    survey.look_now(voice.environment.pk)
    assert Incident.objects.get(fingerprint=found.fingerprint).resolution == "SMS has not logged it for 10 minutes."


def test_an_expression_that_goes_astray_is_stopped_and_told_and_holds_up_no_other(voice: Voice) -> None:
    pattern(name="Astray", expression=ASTRAY)
    LogPattern.objects.create(name="Locked", expression="is locked", severity="high")
    voice.say("a" * 1500 + "!" * 5000, "the database is locked")
    began = time.monotonic()
    assert log_following.follow(voice.environment) == 2
    assert time.monotonic() - began < searching.BACKSTOP
    assert LogPattern.objects.get(name="Astray").stopped.startswith("It took more than 0.5 s")
    titles = set(Incident.objects.values_list("title", flat=True))
    assert titles == {"The log pattern “Astray” was stopped", "Log: Locked"}


@pytest.mark.parametrize(
    ("expression", "said"),
    [(ASTRAY, "It took more"), (r"(\s+)+=", "It took more"), ("(q+q+)+x", "It took more"),
     ("(", "It is no regular expression"),
     ("x*", "an empty line"), (r"(?i)database is locked", "")],
)  # fmt: skip
def test_an_expression_is_tried_out_before_it_is_used(expression: str, said: str) -> None:
    assert said in searching.complaint(expression)
    assert bool(said) == bool(searching.complaint(expression))
