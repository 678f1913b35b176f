"""Translates what the Docker Engine answers into the runtime's own words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from smsops.runtimes.base import Event, Image, Instance, Status

# `paused` and `dead` do not answer either; for us that is “not running”.
_STATUS = {"created": Status.CREATED, "running": Status.RUNNING, "restarting": Status.RESTARTING}


def image(attributes: dict[str, Any], repository: str, version: str) -> Image:
    """An image; without a `version` the first tag of `repository` gives it."""
    tags = [tag.rpartition(":")[2] for tag in attributes.get("RepoTags") or [] if tag.startswith(f"{repository}:")]
    return Image(attributes["Id"], version or next(iter(tags), ""), when(attributes.get("Created", "")))


def instance(attributes: dict[str, Any]) -> Instance:
    """A container."""
    state = attributes["State"]
    labels = attributes["Config"].get("Labels") or {}
    status = _STATUS.get(state["Status"], Status.EXITED)
    tag = attributes["Config"]["Image"].rpartition(":")[2]
    return Instance(
        name=attributes["Name"].lstrip("/"),
        id=attributes["Id"],
        image_id=attributes["Image"],
        version=labels.get("smsops.version") or tag,
        status=status,
        restarts=attributes.get("RestartCount", 0),
        exit_code=None if status in (Status.CREATED, Status.RUNNING) else state.get("ExitCode"),
        oom_killed=bool(state.get("OOMKilled")),
        error=state.get("Error", ""),
        started_at=when(state.get("StartedAt", "")),
        finished_at=when(state.get("FinishedAt", "")),
        labels=labels,
        port=_port(attributes),
    )


def _port(attributes: dict[str, Any]) -> int:
    """The first port that is published, as it was asked for: a stopped container keeps it."""
    bindings = (attributes.get("HostConfig") or {}).get("PortBindings") or {}
    asked = [each.get("HostPort") for found in bindings.values() for each in found or ()]
    return int(next(filter(None, asked), 0))


def event(item: dict[str, Any]) -> Event:
    """An event; a `die` carries the exit code."""
    code = item["Actor"]["Attributes"].get("exitCode")
    at = datetime.fromtimestamp(item["timeNano"] / 1e9, UTC)
    return Event(at, item["Action"], int(code) if code is not None else None)


def when(text: str) -> datetime | None:
    """A point in time; the engine writes nanoseconds, and the year 1 for “never”."""
    if not text or text.startswith("0001"):
        return None
    return datetime.fromisoformat(re.sub(r"(\.\d{1,6})\d*", r"\1", text).replace("Z", "+00:00"))


def stamp(moment: datetime) -> str:
    """A point in time as the engine takes it, to the microsecond; the SDK itself would cut it to whole seconds."""
    return f"{int(moment.timestamp())}.{moment.microsecond:06d}000"
