"""Reads an SQL dump statement by statement. Known to the program behind bars: nothing but the standard library."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import BinaryIO

from backups.adoption.refusal import Refused

LONGEST = 64 * 1024 * 1024  # bytes of one statement
BOM = b"\xef\xbb\xbf"
_COMMENT = re.compile(r"(--[^\n]*\s*)+$")  # at the end


def statements(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """Statements, each with the line it begins on; some may still be several on one line (see `split`).

    Raises Refused, naming the line, for what is no UTF-8, for commands of psql or of the sqlite3 shell, for a statement
    without an end.
    """
    pending: list[str] = []
    began = size = number = 0
    while raw := file.readline(LONGEST + 1):
        number += 1
        line = _decoded(raw.removeprefix(BOM) if number == 1 else raw, number)
        if not pending:
            if not line.strip() or line.lstrip().startswith("--"):
                continue
            _refuse_commands(line.lstrip(), number)
            began, size = number, 0
        pending.append(line)
        size += len(raw)
        if size > LONGEST:
            raise Refused(f"The statement that begins on line {began} is longer than {LONGEST // 1024**2} MB.")
        if line.rstrip().endswith(";") and sqlite3.complete_statement(text := "".join(pending)):
            yield began, text
            pending = []
    if pending:
        yield began, _last("".join(pending), began)


def _decoded(raw: bytes, number: int) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(f"Line {number} is not UTF-8 text.") from None
    if "\0" in text:
        raise Refused(f"Line {number} holds a NUL, which no dump does.")
    return text


def _refuse_commands(line: str, number: int) -> None:
    if line.startswith(("\\", ".")):
        whose = "psql" if line.startswith("\\") else "the sqlite3 shell"
        word = line.split()[0][:20]
        raise Refused(f"Line {number} is a command of {whose} ({word}), not SQL; smsops carries out none.")


def _last(text: str, began: int) -> str:
    if not sqlite3.complete_statement(_COMMENT.sub("", text)):
        raise Refused(f"It is cut off: the statement that begins on line {began} has no end.")
    return text


def split(text: str) -> Iterator[str]:
    """The single statements of a text that holds several."""
    start = at = 0
    while (at := text.find(";", at)) >= 0:
        at += 1
        if sqlite3.complete_statement(text[start:at]):
            yield text[start:at]
            start = at
    if text[start:].strip():
        yield text[start:]
