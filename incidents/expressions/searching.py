"""Searches lines of a log for expressions that people wrote: bounded in length and in time, whatever they wrote."""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from incidents.expressions.plainness import plain
from smsops import process
from smsops.errors import OpsError

MATCHER = Path(__file__).with_name("matcher.py")
LINE = 2_000  # characters of a line that are searched
SECONDS = 0.5  # of processor time for each expression
BACKSTOP = 15.0  # seconds on the clock for all of them
GLANCE, GLANCES = 0.2, 1.0  # seconds of processor time where somebody waits: for each expression, for all of them
KEPT = 4 * 1000**2
ALL = sys.maxsize
# Lines on which an expression that goes astray does so.
NASTY = [mark * (LINE // len(mark) - 1) + "!" for mark in ("a", "0", " ", "aA1 ", "x=1, ", '"', "/a", "\\")]
SHORT = 80  # characters are enough for one that tries every way through them

Found = dict[str, list[int] | str]


def find(expressions: Mapping[str, str], lines: list[str], seconds: float = SECONDS) -> Found:
    """By key: the numbers of the lines it is found in, or a sentence why it was not searched for. OpsError when the
    machine is too busy to search at all."""
    if not expressions or not lines:
        return {key: [] for key in expressions}
    asked = {key: (expression, "") for key, expression in expressions.items()}
    return _ask(asked, {"": lines}, most=ALL, seconds=seconds, altogether=2 * BACKSTOP)


def glance(asked: Mapping[str, tuple[str, str]], texts: Mapping[str, list[str]]) -> Found:
    """By key, of an expression and the text it is searched for in: the number of the first line that has it, if any, or
    a sentence why it was not searched for. For who waits for a page."""
    found: Found = {}
    others = {}
    for key, (expression, name) in asked.items():
        if plain(expression) or not texts[name]:
            found[key] = _first(expression, texts[name])
        else:
            others[key] = (expression, name)
    if not others:
        return found
    wanted = {name: texts[name] for _, name in others.values()}
    try:
        return found | _ask(others, wanted, most=1, seconds=GLANCE, altogether=GLANCES)
    except OpsError as error:
        return found | dict.fromkeys(others, error.message)


def _first(expression: str, lines: list[str]) -> list[int]:
    wanted = re.compile(expression) if lines else None
    numbers = (number for number, line in enumerate(lines) if wanted and wanted.search(line[:LINE]))
    return list(itertools.islice(numbers, 1))


def _ask(
    asked: Mapping[str, tuple[str, str]],
    texts: Mapping[str, list[str]],
    *,
    most: int,
    seconds: float,
    altogether: float,
) -> Found:
    cut = {name: [line[:LINE] for line in lines] for name, lines in texts.items()}
    job = {"expressions": dict(asked), "texts": cut, "most": most, "seconds": seconds, "altogether": altogether}
    argv = [sys.executable, "-I", "-S", str(MATCHER)]
    try:
        done = process.run(argv, timeout=BACKSTOP, stdin=json.dumps(job).encode(), keep=KEPT)
    except OpsError as error:
        raise OpsError(f"It could not be searched for within {BACKSTOP:g} s: the machine is too busy.") from error
    if not done.ok:
        raise OpsError(f"The log could not be searched: {done.stderr.strip()[-200:]}")
    found: Found = json.loads(done.stdout)
    return found


def complaint(expression: str) -> str:
    """What is wrong with an expression, in a sentence; empty when it may be used. One that passes may still go astray
    on a line nobody thought of: so whoever searches bounds it as well."""
    own = [mark * SHORT + "!" for mark in sorted(set(expression)) if mark.isprintable()]
    try:
        found = find({"it": expression}, ["", *NASTY, *own])["it"]
    except OpsError as error:
        return error.message
    if isinstance(found, str):
        return found
    return "It is found in an empty line: so it is in every line." if 0 in found else ""
