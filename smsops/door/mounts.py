"""What a container may be shown of the host: its volume at /data, folders of smsops's work, others read-only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from smsops.door import plain
from smsops.door.rules import Environment, Rules
from smsops.door.verdicts import Refused

DATA = "/data"
MODES = {"": False, "rw": False, "ro": True}
_MOUNT = {
    "Type": plain.text,
    "Source": plain.text,
    "Target": plain.text,
    "ReadOnly": plain.flag,
}


def binds(rules: Rules, environment: Environment, value: Any) -> list[str]:
    """The short form, SOURCE:TARGET[:ro|rw]."""
    found = []
    for bind in plain.texts("Binds", value):
        source, _, rest = bind.partition(":")
        target, _, mode = rest.partition(":")
        if mode not in MODES:
            raise Refused(f"the mount {bind[:120]!r}")
        _judge(rules, environment, source, target, read_only=MODES[mode])
        found.append(f"{source}:{target}:{'ro' if MODES[mode] else 'rw'}")
    return found


def mounts(rules: Rules, environment: Environment, value: Any) -> list[dict[str, Any]]:
    """The long form."""
    if not isinstance(value, list):
        raise Refused("Mounts that are not a list")
    found = [plain.only(each, _MOUNT, "a mount") for each in value]
    for each in found:
        source = each.get("Source", "")
        if each.get("Type") != ("bind" if source.startswith("/") else "volume"):
            raise Refused(f"a mount of the type {each.get('Type', '')[:20]!r}")
        _judge(rules, environment, source, each.get("Target", ""), read_only=each.get("ReadOnly", False))
    return found


def _judge(rules: Rules, environment: Environment, source: str, target: str, *, read_only: bool) -> None:
    if not _is_plain(target):
        raise Refused(f"the mount point {target[:120]!r}")
    if not source.startswith("/"):
        if not source or source != environment.volume or target != DATA:
            raise Refused(f"the volume {source[:80]!r} at {target[:80]}")
        return
    work = _below(source, rules.work_folders)
    if not _is_plain(source) or not (work or _shown(rules, source)):
        raise Refused(f"the folder {source[:120]!r} of the host in a container")
    if not read_only and not (work and target == DATA):
        raise Refused(f"the folder {source[:120]!r} in a container other than read-only")
    _look(source)


def look_again(rules: Rules, source: str) -> None:
    """The same look for a folder that was allowed when its container was made; it may be a link by now."""
    if source.startswith("/") and (_below(source, rules.work_folders) or _shown(rules, source)):
        _look(source)


def _shown(rules: Rules, source: str) -> bool:
    """Whether it is a folder that may be shown, or the socket's folder of a scratch server."""
    path = PurePosixPath(source)
    if path in rules.shown_folders or _below(source, rules.shown_folders):
        return True
    scratch = path.name == "socket" and path.parent.parent == rules.scratch_folder
    return scratch and re.fullmatch(r"smsops-scratch-[0-9a-f]{16}", path.parent.name) is not None


def _look(source: str) -> None:
    """The engine follows links, so there may be none."""
    try:
        found = str(Path(source).resolve(strict=True)) == source and Path(source).is_dir()
    except (OSError, RuntimeError, ValueError):  # not there, not to be seen, a circle of links, no name for a folder
        found = False
    if not found:
        raise Refused(f"the folder {source[:120]!r}, which is not there or is reached by a link")


def _is_plain(path: str) -> bool:
    return path.startswith("/") and path == str(PurePosixPath(path)) and ".." not in path.split("/") and path != "/"


def _below(path: str, folders: Iterable[PurePosixPath]) -> bool:
    return any(folder in PurePosixPath(path).parents for folder in folders)
