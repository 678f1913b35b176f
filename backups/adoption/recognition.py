"""What a file is, by its content and never by its name."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

from smsops.errors import OpsError

HEAD = 64 * 1024


class Kind(StrEnum):
    SQLITE = "sqlite"
    SQL = "sql"  # for SQLite
    POSTGRES = "postgres"  # a custom dump
    GZIP = "gzip"


TITLES = {
    Kind.SQLITE: "an SQLite database",
    Kind.SQL: "an SQL dump",
    Kind.POSTGRES: "a custom dump of PostgreSQL",
    Kind.GZIP: "packed with gzip",
}
_MAGIC = {b"SQLite format 3\0": Kind.SQLITE, b"PGDMP": Kind.POSTGRES, b"\x1f\x8b": Kind.GZIP}
_PACKED = {
    b"PK\x03\x04": "zip",
    b"\xfd7zXZ\0": "xz",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SQL = re.compile(
    rb"(?im)^\s*(create\s+(table|view|index|unique)|insert\s+into|begin\b|pragma\s|select\s|set\s|copy\s|drop\s|attach\s"
    rb"|replace\s+into|update\s|delete\s|alter\s|\.[a-z]+|\\[a-z!])"
)
_POSTGRES = re.compile(
    rb"(?im)^(-- PostgreSQL database|SET statement_timeout|SELECT pg_catalog\.|COPY \S+ .*FROM stdin;)"
)


def recognise(file: Path, name: str) -> Kind:
    """The kind of a file; OpsError, in one sentence, for anything that cannot be adopted."""
    with file.open("rb") as opened:
        head = opened.read(HEAD)
    if not head:
        raise OpsError(f"{name} is empty.")
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    for magic, program in _PACKED.items():
        if head.startswith(magic):
            raise OpsError(f"{name} is packed with {program}.", fix="Unpack it, then adopt what is in it.")
    if head.startswith(_UTF16):
        raise OpsError(f"{name} is UTF-16 text, as PowerShell writes it.", fix="Write the dump as UTF-8.")
    return _text(head, name)


def _text(head: bytes, name: str) -> Kind:
    if _sealed_by_sms(head):
        raise OpsError(f"{name} was encrypted by SMS.", fix="Let SMS decrypt it: its key is not in the file.")
    if head[:512].find(b"toc.dat\0") == 0:
        raise OpsError(f"{name} is a tar dump of PostgreSQL.", fix="Make a custom one: pg_dump --format=custom.")
    if b"\0" in head or not _SQL.search(head):
        raise OpsError(f"{name} is neither a database nor a dump of one.")
    if _POSTGRES.search(head):
        raise OpsError(
            f"{name} is a plain dump of PostgreSQL, which is a program rather than data.",
            fix="For an environment with PostgreSQL adopt a custom dump: pg_dump --format=custom.",
        )
    return Kind.SQL


def _sealed_by_sms(head: bytes) -> bool:
    """`.enc`: the length of what follows, that of the metadata, the metadata as JSON (sms-contract §10)."""
    length = int.from_bytes(head[4:6], "big")
    return head[6:7] == b"{" and 2 <= length <= len(head) - 6 and head[5 + length : 6 + length] == b"}"
