"""Whether a new release is worse than the one before: what is counted, and the verdict. Pure values and functions.

Like Argo's analysis a single bad round says nothing; what comes again and again does, and a death at once.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from smsops.text import count_text

IN_A_ROW = 3  # rounds with a failed request
SHARE, AT_LEAST = 0.05, 5  # failed requests more than before, and how many they must be
SLOWER, BY_SECONDS, ENOUGH = 3.0, 0.25, 10  # times as slow, by so much, in so many rounds
LOUDER, LINES = 3.0, 10.0  # times as many lines of errors in a minute, and how many they must be


@dataclass(frozen=True)
class Round:
    """A few requests, one after the other: how many, how many failed (no answer, or an error of the server), the
    slowest in seconds, and the lines of errors in SMS's log since the round before."""

    asked: int
    failed: int
    slowest: float
    lines: int = 0


@dataclass(frozen=True)
class Measure:
    """What many rounds come to."""

    rounds: int
    failed_share: float
    failed: int
    slow: float  # the slowest request of a middling round, in seconds
    lines_per_minute: float


def measure(rounds: Sequence[Round], seconds: float) -> Measure:
    """What came of so many rounds in so many seconds."""
    asked = sum(each.asked for each in rounds)
    failed = sum(each.failed for each in rounds)
    lines = sum(each.lines for each in rounds)
    slow = statistics.median(each.slowest for each in rounds) if rounds else 0.0
    return Measure(len(rounds), failed / asked if asked else 0.0, failed, slow, lines * 60 / max(seconds, 60.0))


def worse(before: Measure, rounds: Sequence[Round], seconds: float, restarts: int) -> str:
    """Why the release must not stay, in a sentence; empty while there is no reason."""
    if restarts:
        return f"SMS died and was started again ({count_text(restarts, 'time')})."
    last = rounds[-IN_A_ROW:]
    if len(last) == IN_A_ROW and all(each.failed for each in last) and before.failed_share < 1:
        asked = count_text(sum(each.asked for each in last), "request")
        return f"{sum(each.failed for each in last)} of the last {asked} failed."
    now = measure(rounds, seconds)
    if now.failed >= AT_LEAST and now.failed_share > before.failed_share + SHARE:
        return f"{now.failed_share:.0%} of all requests fail; before it were {before.failed_share:.0%}."
    if now.rounds >= ENOUGH and now.slow > max(before.slow * SLOWER, before.slow + BY_SECONDS):
        return f"Requests take {now.slow * 1000:.0f} ms; before it were {before.slow * 1000:.0f} ms."
    if now.lines_per_minute > max(before.lines_per_minute * LOUDER, LINES):
        was = f"{before.lines_per_minute:.0f}"
        told = count_text(round(now.lines_per_minute), "line")
        return f"The log has {told} of errors a minute; before it were {was}."
    return ""
