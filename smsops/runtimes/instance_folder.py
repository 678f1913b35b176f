"""Reads the folder of a supervised instance (see supervisor.py, which writes it)."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections import deque
from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from smsops.runtimes.base import Event, Instance, LogLine, Status
from smsops.runtimes.supervisor import LOG_FILES, started

COARSE = 1.0  # seconds by which a file's time may be behind its last line's
_TAIL = 1024 * 1024  # bytes read of a log's end


def view(folder: Path) -> Instance:
    """What the folder says about its instance, corrected by whether its supervisor lives."""
    spec = json.loads((folder / "spec.json").read_text())
    now = state(folder)
    status = Status(now.get("status", "created"))
    error = now.get("error", "")
    if status in (Status.RUNNING, Status.RESTARTING) and not supervised(folder):
        status, error = Status.EXITED, "Its supervisor is gone."
    return Instance(
        name=folder.name,
        id=spec["id"],
        image_id=spec["image_id"],
        version=spec["version"],
        status=status,
        restarts=now.get("restarts", 0),
        exit_code=now.get("exit_code"),
        error=error,
        started_at=_time(now.get("started_at")),
        finished_at=_time(now.get("finished_at")),
        labels=spec["labels"],
        port=int(spec["env"].get("SMS_PORT", 0)),
    )


def state(folder: Path) -> dict[str, Any]:
    """The supervisor's last word; empty when it never ran."""
    try:
        data: dict[str, Any] = json.loads((folder / "state.json").read_text())
    except FileNotFoundError:
        return {}
    return data


def supervised(folder: Path) -> bool:
    """Whether a supervisor holds the folder's lock."""
    try:
        lock = os.open(folder / "lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def supervisor_pid(folder: Path) -> int | None:
    """The supervisor's number, if the process of that number still is the one that wrote it; else None."""
    now = state(folder)
    pid = now.get("supervisor_pid")
    if pid is None or started(pid) != now.get("supervisor_started"):
        return None
    return int(pid)


def write_stop(folder: Path, grace: float) -> None:
    """Leave word how long the supervisor may wait for SMS to end."""
    private = folder / ".stop.json.new"
    private.write_text(json.dumps({"grace": grace}))
    private.replace(folder / "stop.json")


def log_tail(folder: Path, lines: int, since: datetime | None) -> str:
    """The last lines of the log, without the times the supervisor put before them."""
    found: list[str] = []
    for name in ("log", "log.1"):
        found = _lines(folder / name) + found
        if len(found) >= lines:
            break
    if since is not None:
        found = [line for line in found if (_time(line.split(" ", 1)[0]) or since) >= since]
    return "".join(line.partition(" ")[2] + "\n" for line in found[-lines:])


def log_lines(folder: Path, since: datetime | None) -> Generator[LogLine]:
    """All lines the supervisor still has, oldest first."""
    with contextlib.ExitStack() as stack:
        files: dict[int, BinaryIO] = {}
        # Newest first: a file that is rotated meanwhile is met again under its next name, and none is missed.
        for name in ("log", *(f"log.{number}" for number in range(1, LOG_FILES))):
            with contextlib.suppress(FileNotFoundError):
                file = stack.enter_context((folder / name).open("rb"))
                status = os.fstat(file.fileno())
                if since is None or status.st_mtime + COARSE >= since.timestamp():
                    files.setdefault(status.st_ino, file)
        for each in reversed(files.values()):
            for line in each:
                if line.endswith(b"\n"):  # else it is still being written
                    found = _split(line[:-1].decode("utf-8", "replace"))
                    if since is None or (_time(found.at) or since) >= since:
                        yield found


def newest_lines(folder: Path, since: datetime | None, last: int) -> Generator[LogLine]:
    """The last of those lines, oldest first: read from the end of the log where that reaches back far enough."""
    found = [_split(line) for line in _lines(folder / "log")]
    if since is None or not found or (_time(found[0].at) or since) >= since:
        found = list(deque(log_lines(folder, since), maxlen=last))
    for line in found[-last:]:
        if since is None or (_time(line.at) or since) >= since:
            yield line


def _split(line: str) -> LogLine:
    at, _, text = line.partition(" ")
    return LogLine(at, text)


def events(folder: Path, since: datetime, until: datetime) -> list[Event]:
    """The events in a span, oldest first."""
    found = []
    for line in _lines(folder / "events.jsonl"):
        item = json.loads(line)
        at = _time(item["at"])
        if at is not None and since <= at <= until:
            found.append(Event(at, item["action"], item["exit_code"]))
    return found


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            data = file.read()
    except FileNotFoundError:
        return []
    # Only a line feed ends a line; `splitlines` would also cut at what a program may well print inside one.
    whole = data.decode("utf-8", "replace").split("\n")[:-1]
    return whole[1:] if size > _TAIL else whole


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None
    except ValueError:
        return None
