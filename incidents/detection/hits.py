"""Lines that fit patterns, counted: so many within so long are a sign. Pure, with the counts as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from incidents.models import Issue, LogPattern, Severity
from incidents.services.incidents import Sign
from smsops.runtimes.base import LogLine
from smsops.runtimes.docker_views import when
from smsops.text import count_text, seconds_text

SHOWN = 300  # characters of a line
AGAIN = timedelta(minutes=1)  # one that goes on is told once in so long


@dataclass
class Count:
    """The newest lines of one pattern that still count, the last one, and when it was a sign last."""

    at: list[str] = field(default_factory=list)
    last: str = ""
    told: str = ""

    @classmethod
    def of(cls, data: Any) -> Count:
        return cls(**data) if isinstance(data, dict) else cls()


def add(pattern: LogPattern, count: Count, lines: Iterable[LogLine]) -> Sign | None:
    """Count these lines, in their order; the sign they are, if it became one and was not told just now."""
    sign: Sign | None = None
    for line in lines:
        moment = _moment(line.at)
        count.at = [at for at in (*count.at, line.at) if moment - _moment(at) <= pattern.span][-pattern.times :]
        count.last = max(count.last, line.at)
        if len(count.at) < pattern.times or (count.told and moment - _moment(count.told) < AGAIN):
            continue
        count.told, sign = line.at, _sign(pattern, count, line)
    return sign


def _sign(pattern: LogPattern, count: Count, line: LogLine) -> Sign:
    often = count_text(len(count.at), "line")
    within = f" within {seconds_text(pattern.seconds)}" if pattern.times > 1 else ""
    last = f"{line.at[:10]} {line.at[11:19]} UTC"
    detail = f"SMS logged {often} like it{within}, the last at {last}: {line.text.strip()[:SHOWN]}"
    return Sign(pattern.fingerprint, Severity(pattern.severity), f"Log: {pattern.name}", detail, Issue(pattern.issue))


def _moment(at: str) -> datetime:
    found = when(at)
    assert found is not None
    return found
