"""Searches lines for expressions: `python matcher.py`, a job as JSON on stdin, what was found as JSON on stdout.

A program of its own, because nothing else ends an expression that goes astray: each has so much processor time for all
its lines together (CPython looks for signals while it searches), all of them have so much, and whoever started this
bounds the whole.
"""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from typing import Any


class TooSlow(Exception):
    """The expression used up its time."""


def _give_up(*_: object) -> None:
    raise TooSlow


def search(expression: str, lines: list[str], most: int, seconds: float) -> list[int]:
    """The numbers of the first lines it is found in. TooSlow after so many seconds of processor time."""
    found: list[int] = []
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        wanted = re.compile(expression)
        for number, line in enumerate(lines):
            if wanted.search(line):
                found.append(number)
                if len(found) >= most:
                    break
        return found
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def work(job: dict[str, Any]) -> dict[str, Any]:
    """By the expression's key: the lines, or why there are none. Each has a little time first, so that those that go
    astray leave some for the others, and then all of its own."""
    found: dict[str, Any] = {}
    for seconds in (job["seconds"] / 20, job["seconds"]):
        for key, (expression, name) in job["expressions"].items():
            if isinstance(found.get(key, ""), str):
                found[key] = _searched(expression, job["texts"][name], seconds, job)
    return found


def _searched(expression: str, lines: list[str], seconds: float, job: dict[str, Any]) -> list[int] | str:
    if time.process_time() > job["altogether"]:
        return f"There was no time left for it after {job['altogether']:g} s."
    try:
        return search(expression, lines, job["most"], seconds)
    except TooSlow:
        return f"It took more than {seconds:g} s for {len(lines)} line{'s' if len(lines) != 1 else ''}."
    except (re.error, OverflowError, RecursionError, MemoryError) as error:
        return f"It is no regular expression: {error}."


if __name__ == "__main__":
    signal.signal(signal.SIGVTALRM, _give_up)
    json.dump(work(json.load(sys.stdin)), sys.stdout)
