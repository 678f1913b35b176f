"""Processes of this machine that look like SMS run natively, as far as this user may look into them (Linux, /proc)."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smsops.runtimes.finding import DATABASE, Found, on_server, sqlite_file

ENTRY, SERVER = "backend/entrypoint.py", "backend.main:app"
NOT_OURS = (
    "It was not started by smsops. Backups and their proofs work at once; for deploys, and for being watched, smsops "
    "has to start it: import its releases, stop it, and deploy the release that ran."
)


@dataclass(frozen=True)
class Process:
    """What the kernel says of one."""

    pid: int
    parent: int
    argv: Sequence[str]
    variables: Mapping[str, str]
    folder: Path
    files: Sequence[Path]


def find(proc: Path = Path("/proc")) -> list[Found]:
    """Those that run now, by their numbers; none on a system without /proc."""
    every = {each.pid: each for each in _processes(proc)} if (proc / "self" / "ns").is_dir() else {}
    return [_found(each) for number, each in sorted(every.items()) if each.parent not in every]


def _processes(proc: Path) -> Iterator[Process]:
    here = _world(proc / "self")
    for folder in proc.iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError, ValueError, IndexError):  # it ended meanwhile, or is somebody else's
                argv = _words(folder / "cmdline")
                if any(word.endswith(ENTRY) or word == SERVER for word in argv) and _world(folder) == here:
                    yield _read(folder, argv)


def _world(folder: Path) -> Path:
    """Which files it sees: a process in a container sees others, and is found as the container."""
    return (folder / "ns" / "mnt").readlink()


def _words(file: Path) -> list[str]:
    return [word.decode("utf-8", "replace") for word in file.read_bytes().split(b"\0") if word]


def _read(folder: Path, argv: Sequence[str]) -> Process:
    parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    variables = dict(word.partition("=")[::2] for word in _words(folder / "environ"))
    here = (folder / "cwd").readlink()
    files: list[Path] = []
    for link in (folder / "fd").iterdir():
        with contextlib.suppress(OSError):
            files.append(link.readlink())
    return Process(int(folder.name), parent, argv, variables, here, files)


def _found(process: Process) -> Found:
    root, url = _root(process), process.variables.get("DATABASE_URL", "")
    port = _port(process)
    fields: dict[str, Any] = {"runtime": "process", "preset": "sms-native", "volume": "", "instance": "sms-app"}
    fields |= {"releases_path": str(root.parent), "host_port": port, "base_url": f"http://127.0.0.1:{port}"}
    fields |= {"interpreter": _interpreter(process), "env_file": _env_file(root)}
    lacking = [NOT_OURS]
    if on_server(url):
        fields["database_engine"] = "postgresql"
        lacking.append("Name a folder for its data as well: smsops keeps nothing there but its own side files.")
    else:
        database = _database(process, root, url)
        fields |= {"database_engine": "sqlite", "data_path": str(database.parent), "database_file": database.name}
    if not fields["env_file"]:
        lacking.append("No .env file was found beside it: name it below, if there is one; deploys start SMS with it.")
    title = f"process {process.pid}, release {_version(root)} in {root}"
    why = [f"it runs {ENTRY if any(word.endswith(ENTRY) for word in process.argv) else SERVER}"]
    address = url if on_server(url) else ""
    return Found(f"process:{process.pid}", "process", title, True, why, fields, lacking, address)


def _root(process: Process) -> Path:
    """Where the release is unpacked: the folder with `backend` in it."""
    words = list(process.argv)
    entry = next((word for word in words if word.endswith(ENTRY)), "")
    if entry:
        return (process.folder / entry).resolve().parent.parent
    if "--app-dir" in words[:-1]:
        return (process.folder / words[words.index("--app-dir") + 1]).resolve()
    return process.folder


def _port(process: Process) -> int:
    words = list(process.argv)
    told = words[words.index("--port") + 1] if "--port" in words[:-1] else process.variables.get("SMS_PORT", "")
    return int(told) if told.isdecimal() and 0 < int(told) < 65536 else 8000


def _database(process: Process, root: Path, url: str) -> Path:
    """By its settings; else the file it has open; else where SMS puts it by itself."""
    told = sqlite_file(url, str(process.folder))
    if told:
        return Path(os.path.normpath(told))
    opened = next((file for file in process.files if file.suffix in (".db", ".sqlite3", ".sqlite")), None)
    return opened or root / "data" / DATABASE


def _interpreter(process: Process) -> str:
    program = process.argv[0]
    return program if program.startswith("/") and program != sys.executable else ""


def _env_file(root: Path) -> str:
    places = (root / ".env", root / "backend" / ".env", root.parent / ".env", root.parent.parent / ".env")
    return next((str(place) for place in places if place.is_file()), "")


def _version(root: Path) -> str:
    try:
        return (root / "VERSION").read_text(encoding="utf-8").strip() or root.name
    except (OSError, UnicodeDecodeError):
        return root.name
