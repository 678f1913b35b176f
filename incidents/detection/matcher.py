"""Searches lines for expressions: `python matcher.py`, a job as JSON on stdin, what was found as JSON on stdout.

A program of its own, because nothing else ends an expression that goes astray: each has so much processor time for all
lines together (CPython looks for signals while it searches), and whoever started this bounds the whole.
"""

from __future__ import annotations

import json
import re
import signal
import sys
from typing import Any


class TooSlow(Exception):
    """The expression used up its time."""


def _give_up(*_: object) -> None:
    raise TooSlow


def search(expression: str, lines: list[str], seconds: float) -> list[int]:
    """The numbers of the lines it is found in. TooSlow after so many seconds of processor time."""
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        wanted = re.compile(expression)
        return [number for number, line in enumerate(lines) if wanted.search(line)]
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def work(job: dict[str, Any]) -> dict[str, Any]:
    """By the expression's key: the lines, or why there are none."""
    found: dict[str, Any] = {}
    for key, expression in job["expressions"].items():
        try:
            found[key] = search(expression, job["lines"], job["seconds"])
        except TooSlow:
            found[key] = f"It took more than {job['seconds']} s for {len(job['lines'])} lines."
        except (re.error, OverflowError, RecursionError, MemoryError) as error:
            found[key] = f"It is no regular expression: {error}."
    return found


if __name__ == "__main__":
    signal.signal(signal.SIGVTALRM, _give_up)
    json.dump(work(json.load(sys.stdin)), sys.stdout)
