"""Anchors: the chain's last digest, written outside of the database, so that it is noticed when its end is cut off.

After each commit every process appends one line to `anchors.jsonl` in `SMSOPS_AUDIT_DIR` of its own machine; the log
has the digest now and then. Whoever can write that folder as well can forge both: put it where the database's keeper
cannot write, or note a digest elsewhere and give it to `ops audit verify --anchor`.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from smsops.belongings import hand_over

log = logging.getLogger(__name__)

NAME, BEFORE = "anchors.jsonl", "anchors.before.jsonl"
LARGEST = 4_000_000  # bytes; then the file steps aside, and takes the place of the one that did before
LOGGED_EVERY = 3600.0  # seconds, the first time when the process is that old: a command says nothing of it
_logged = [time.monotonic()]


def drop(sequence: int, digest: str) -> None:
    """Write the end of the chain down. A disk that is full stops nobody's work; it is logged."""
    line = json.dumps({"sequence": sequence, "digest": digest, "at": timezone.now().isoformat(timespec="seconds")})
    if time.monotonic() - _logged[0] >= LOGGED_EVERY:
        _logged[0] = time.monotonic()
        log.info("the audit trail ends with entry %s, digest %s", sequence, digest)
    try:
        _append(f"{line}\n")
    except OSError as error:
        log.warning("the end of the audit trail cannot be written to %s: %s", settings.SMSOPS_AUDIT_DIR, error)


def _append(line: str) -> None:
    folder = Path(settings.SMSOPS_AUDIT_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    hand_over(folder)
    path = folder / NAME
    # One write of a short line at the end: several processes do not mix theirs.
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(file, line.encode())
        full = os.fstat(file).st_size > LARGEST
    finally:
        os.close(file)
    hand_over(path)
    if full and path.stat().st_size > LARGEST:  # else another process has just done it
        path.replace(folder / BEFORE)


def known() -> dict[int, str]:
    """The digests that were written down on this machine, by the entry's number; a torn line is passed over. Of several
    for one number the first counts: a later one is of a chain whose end was cut off before it grew again."""
    found: dict[int, str] = {}
    for number, digest in _lines():
        found.setdefault(number, digest)
    return found


def _lines() -> Iterator[tuple[int, str]]:
    for name in (BEFORE, NAME):
        path = Path(settings.SMSOPS_AUDIT_DIR) / name
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            continue
        except OSError as error:
            log.warning("the anchors in %s cannot be read: %s", path, error)
            continue
        for line in text.splitlines():
            try:
                found = json.loads(line)
                yield int(found["sequence"]), str(found["digest"])
            except (ValueError, KeyError, TypeError):
                continue
