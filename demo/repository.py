"""Make a git repository of all releases: `python -m demo.repository DEST`.

Running it again on a good repository changes nothing; after a change of the releases it is made anew.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from demo import history

RECORD = Path(".git") / "sms-demo.json"


class NotOursError(Exception):
    """The destination holds something this program did not make."""


@dataclass(frozen=True)
class Record:
    """Kept inside a repository made here: from what it was made, and what it must hold."""

    fingerprint: str
    tags: dict[str, str]


def build(destination: Path) -> tuple[dict[str, str], bool]:
    """Make the repository, or keep a good one; returns tag to commit, and whether anything was done.

    It grows under another name and is renamed when complete: a kill leaves the old one, none, or the new one.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    with _alone(destination):
        known = _record(destination)
        if known and known.fingerprint == fingerprint() and _holds(destination, known.tags):
            return known.tags, False
        if not known and destination.exists() and any(destination.iterdir()):
            raise NotOursError(f"{destination} is not empty and was not made by this program; nothing was changed.")
        building = destination.with_name(f".{destination.name}.building")
        retired = destination.with_name(f".{destination.name}.retired")
        for left_over in (building, retired):
            shutil.rmtree(left_over, ignore_errors=True)
        tags = _import(building)
        if destination.exists():
            destination.rename(retired)
        building.rename(destination)
        shutil.rmtree(retired, ignore_errors=True)
    return tags, True


def fingerprint() -> str:
    """A digest of everything that goes into the repository."""
    return hashlib.sha256(history.stream()).hexdigest()


def git(folder: Path, *arguments: str, stdin: bytes | None = None) -> str:
    """Run git without the settings of this machine and this person; raises CalledProcessError."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, input=stdin, env=environment, check=True, capture_output=True)
    return done.stdout.decode()


def _import(folder: Path) -> dict[str, str]:
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main", "--template=")
    git(folder, "fast-import", "--quiet", stdin=history.stream())
    git(folder, "reset", "--quiet", "--hard", "main")
    tags = _tags(folder)
    record = Record(fingerprint(), tags)
    (folder / RECORD).write_text(json.dumps(asdict(record), indent=1), encoding="utf-8")
    return tags


def _record(folder: Path) -> Record | None:
    try:
        return Record(**json.loads((folder / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _holds(folder: Path, tags: dict[str, str]) -> bool:
    try:
        git(folder, "fsck", "--connectivity-only", "--no-dangling")
        return tags.items() <= _tags(folder).items()
    except subprocess.CalledProcessError:
        return False


def _tags(folder: Path) -> dict[str, str]:
    """Tag to the commit it stands on."""
    listed = git(folder, "for-each-ref", "--format=%(refname:short) %(*objectname)", "refs/tags")
    return {tag: commit for tag, _, commit in (line.partition(" ") for line in listed.splitlines())}


@contextmanager
def _alone(destination: Path) -> Iterator[None]:
    """Wait for other builders of the same repository; the lock goes with the process that holds it."""
    with destination.with_name(f".{destination.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    """The command line: 0 done or nothing to do, 2 refused."""
    parser = argparse.ArgumentParser(description="Make a git repository of the demo SMS and its releases.")
    parser.add_argument("destination", type=Path)
    destination = parser.parse_args().destination
    try:
        tags, built = build(destination)
    except NotOursError as refusal:
        print(refusal, file=sys.stderr)
        return 2
    print(f"{destination}: {len(tags)} releases, {'built' if built else 'unchanged'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
