"""Gives a variable of an env file another value; every other byte stays as it is."""

from __future__ import annotations

import re

from smsops import envfile
from smsops.errors import OpsError

# In quotes or bare, and what may stand behind: blanks, the rest of a Windows line end, a comment.
_VALUES = tuple(re.compile(pattern + r"(\s+#.*|\s*)") for pattern in (r"""(["'])(?P<value>.*?)\1""", r"(?P<value>.*?)"))


def replaced(text: str, name: str, value: str) -> str:
    """The text with `value` for the variable, on every line that sets it: quotes, blanks and a comment behind stay.

    Raises OpsError when no line sets it, or when a line is none that SMS is started with.
    """
    envfile.parse(text.removeprefix("\ufeff"))
    lines = text.split("\n")
    head = re.compile(rf"\ufeff?\s*{re.escape(name)}=")
    found = False
    for number, line in enumerate(lines):
        if start := head.match(line):
            lines[number] = line[: start.end()] + _exchanged(line[start.end() :], value)
            found = True
    if not found:
        raise OpsError(f"The env file does not set {name}.", fix=f"Add a line {name}= with a value first.")
    return "\n".join(lines)


def value_of(text: str, name: str) -> str:
    """The value the last line that sets the variable has, without quotes and a comment; empty when none sets it."""
    head = re.compile(rf"\ufeff?\s*{re.escape(name)}=(.*)")
    found = [match for line in text.split("\n") if (match := head.fullmatch(line))]
    return _read(found[-1][1])["value"] if found else ""


def _read(old: str) -> re.Match[str]:
    return next(found for pattern in _VALUES if (found := pattern.fullmatch(old)))


def _exchanged(old: str, value: str) -> str:
    """What stands behind the equals sign, with another value in it."""
    start, end = _read(old).span("value")
    return old[:start] + value + old[end:]
