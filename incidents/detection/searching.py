"""Searches lines of a log for expressions that people wrote: bounded in length and in time, whatever they wrote."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from smsops import process
from smsops.errors import OpsError

MATCHER = Path(__file__).with_name("matcher.py")
LINE = 2_000  # characters of a line that are searched
SECONDS = 0.5  # of processor time for each expression
BACKSTOP = 15.0  # seconds on the clock for all of them
KEPT = 4 * 1000**2
# Lines on which an expression that goes astray does so.
NASTY = [mark * (LINE // len(mark) - 1) + "!" for mark in ("a", "0", " ", "aA1 ", "x=1, ", '"', "/a", "\\")]


def find(expressions: Mapping[str, str], lines: list[str]) -> dict[str, list[int] | str]:
    """By key: the numbers of the lines it is found in, or a sentence why it was not searched for. OpsError when the
    machine is too busy to search at all."""
    if not expressions or not lines:
        return {key: [] for key in expressions}
    job = {"expressions": dict(expressions), "lines": [line[:LINE] for line in lines], "seconds": SECONDS}
    argv = [sys.executable, "-I", "-S", str(MATCHER)]
    done = process.run(argv, timeout=BACKSTOP, stdin=json.dumps(job).encode(), keep=KEPT)
    if not done.ok:
        raise OpsError(f"The log could not be searched: {done.stderr.strip()[-200:]}")
    found: dict[str, list[int] | str] = json.loads(done.stdout)
    return found


def complaint(expression: str) -> str:
    """What is wrong with an expression, in a sentence; empty when it may be used."""
    try:
        found = find({"it": expression}, [*NASTY, ""])["it"]
    except OpsError as error:
        return error.message
    if isinstance(found, str):
        return found
    return "It is found in an empty line: so it is in every line." if len(NASTY) in found else ""
