"""What SQL from elsewhere may do: an allow-list for SQLite's authorizer. Nothing but the standard library.

Python's driver cannot switch on SQLite's own defensive mode before 3.12; the list is stricter anyhow.
"""

from __future__ import annotations

import re
import sqlite3

LONGEST_VALUE = 64 * 1024 * 1024
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: LONGEST_VALUE,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: LONGEST_VALUE,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 20,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 4,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
FUNCTIONS = frozenset((
    "abs", "avg", "cast", "char", "coalesce", "count", "current_date", "current_time", "current_timestamp", "date",
    "datetime", "glob", "hex", "ifnull", "iif", "instr", "json", "json_array", "json_array_length", "json_extract",
    "json_object", "json_quote", "json_type", "json_valid", "julianday", "length", "like", "lower", "ltrim", "max",
    "min", "nullif", "quote", "replace", "round", "rtrim", "strftime", "substr", "substring", "sum", "time",
    "total", "trim", "typeof", "unicode", "unistr", "unixepoch", "upper",
))  # fmt: skip
_READING_PRAGMAS = frozenset((
    "integrity_check", "page_count", "page_size", "table_list", "table_info", "trusted_schema",
))  # fmt: skip
# Passed over, because they decide nothing about the data:
_IDLE_PRAGMAS = frozenset((
    "foreign_keys", "defer_foreign_keys", "journal_mode", "synchronous", "cache_size", "temp_store", "locking_mode",
    "page_size", "encoding", "auto_vacuum", "ignore_check_constraints", "legacy_alter_table",
))  # fmt: skip
_KEPT_PRAGMAS = frozenset(("user_version", "application_id"))
_READING = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ))
_PLAYING = _READING | {
    sqlite3.SQLITE_CREATE_TABLE, sqlite3.SQLITE_CREATE_INDEX, sqlite3.SQLITE_CREATE_VIEW, sqlite3.SQLITE_CREATE_TRIGGER,
    sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE, sqlite3.SQLITE_REINDEX,
    sqlite3.SQLITE_ALTER_TABLE, sqlite3.SQLITE_ANALYZE, sqlite3.SQLITE_DROP_TABLE, sqlite3.SQLITE_DROP_INDEX,
}  # fmt: skip
_WORDS = {
    sqlite3.SQLITE_ATTACH: "attach another database",
    sqlite3.SQLITE_DETACH: "detach a database",
    sqlite3.SQLITE_CREATE_VTABLE: "make a virtual table",
    sqlite3.SQLITE_RECURSIVE: "run a recursive query",
    sqlite3.SQLITE_SAVEPOINT: "set a savepoint",
}
_DANGEROUS = re.compile(
    r"(?i)\b(load_extension|readfile|writefile|fsdir|edit|eval|fts3_tokenizer|zeroblob|randomblob|attach|detach|vacuum"
    r"|pragma\w*|writable_schema|sqlite_master|sqlite_schema|sqlite_temp_\w+)\b"
)


class Bars:
    """An authorizer that remembers, in words, what it refused last."""

    def __init__(self, *, playing: bool) -> None:
        self.playing = playing
        self.refused = ""
        self.began = self.ended = False

    def __call__(self, action: int, one: str | None, two: str | None, *_: str | None) -> int:
        verdict = self._judge(action, (one or "").lower(), (two or "").lower())
        if verdict == sqlite3.SQLITE_DENY:
            self.refused = self._words(action, one or "", two or "")
        return verdict

    def _judge(self, action: int, one: str, two: str) -> int:
        if action == sqlite3.SQLITE_FUNCTION:
            return _allow(two in FUNCTIONS)
        if action == sqlite3.SQLITE_PRAGMA:
            return self._pragma(one)
        if self.playing and action == sqlite3.SQLITE_TRANSACTION:
            return self._transaction(one)
        return _allow(action in (_PLAYING if self.playing else _READING))

    def _pragma(self, name: str) -> int:
        if not self.playing:
            return _allow(name in _READING_PRAGMAS)
        return sqlite3.SQLITE_IGNORE if name in _IDLE_PRAGMAS else _allow(name in _KEPT_PRAGMAS)

    def _transaction(self, word: str) -> int:
        """All is played in one transaction of ours; a dump's own BEGIN and COMMIT only tell whether it is whole."""
        self.began, self.ended = self.began or word == "begin", self.ended or word == "commit"
        return sqlite3.SQLITE_DENY if word == "rollback" else sqlite3.SQLITE_IGNORE

    @staticmethod
    def _words(action: int, one: str, two: str) -> str:
        if action == sqlite3.SQLITE_FUNCTION:
            return f"use the function {two[:40]}"
        if action == sqlite3.SQLITE_PRAGMA:
            return f"set PRAGMA {one[:40]}"
        if action == sqlite3.SQLITE_TRANSACTION:
            return "take everything back (ROLLBACK): the sqlite3 shell met errors when it made this dump"
        return _WORDS.get(action, "do something that no dump does")


def _allow(good: bool) -> int:
    return sqlite3.SQLITE_OK if good else sqlite3.SQLITE_DENY


def limit(connection: sqlite3.Connection) -> None:
    """Set SQLite's limits, and let no schema be believed."""
    for category, most in _LIMITS.items():
        connection.setlimit(category, most)
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0", "foreign_keys=OFF"):
        connection.execute(f"PRAGMA {pragma}")


def dangerous(sql: str) -> str:
    """The first word in a view, trigger or definition that has no business there; empty when there is none."""
    found = _DANGEROUS.search(sql)
    return found[1].lower() if found else ""
