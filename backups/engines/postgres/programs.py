"""PostgreSQL's programs on this machine: which of them fit a server, and what they say when they fail."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO

from backups.engines.postgres.complaints import explain
from smsops import process
from smsops.environments.database_url import DatabaseUrl
from smsops.errors import OpsError
from smsops.process import Completed

HOMES = Path("/usr/lib/postgresql")  # Debian keeps every version beside the others, and none of them on PATH
OTHER_HOMES = "/usr/pgsql-*/bin"
SERVERS = ("postgres", "initdb")  # the client's package does not have them
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


def homes() -> list[Path]:
    """Folders that may hold the programs."""
    found = [*HOMES.glob("*/bin"), *Path("/").glob(OTHER_HOMES.removeprefix("/"))]
    return found + [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]


@lru_cache(maxsize=64)
def _major(program: str, _changed: int) -> int:
    with contextlib.suppress(OpsError):
        found = _VERSION.search(process.run([program, "--version"], timeout=10).stdout)
        return int(found.group(1)) if found else 0
    return 0


def versions(name: str) -> dict[int, Path]:
    """Every copy of the program on this machine, by its major version."""
    here = [folder / name for folder in homes() if os.access(folder / name, os.X_OK)]
    return {major: path for path in reversed(here) if (major := _major(str(path), path.stat().st_mtime_ns))}


def fitting(name: str, server: int, *, exact: bool = False) -> Path:
    """The program for a server of that major version: of the same one, else of the next newer one, which knows older
    servers, too (a much newer one writes settings an older server refuses). `exact`: no other version will do.

    Raises OpsError naming the versions and what to install.
    """
    here = versions(name)
    fits = [major for major in sorted(here) if major == server or (major > server and not exact)]
    if fits:
        return here[fits[0]]
    package = f"postgresql-{server}" if exact or name in SERVERS else f"postgresql-client-{server}"
    if not here:
        raise OpsError(f"{name} is not on this machine.", fix=f"Install the package {package}.")
    raise OpsError(
        f"The server is PostgreSQL {server}; {name} here is {', '.join(map(str, sorted(here)))}, which cannot be used.",
        fix=f"Install the package {package}.",
    )


def run(
    argv: Sequence[str],
    url: DatabaseUrl,
    *,
    timeout: float,
    stdout: IO[bytes] | None = None,
    folder: Path | None = None,
) -> Completed:
    """Run one of the programs against the server, writing to `folder`; OpsError in one sentence when it fails."""
    done = process.run(argv, timeout=timeout, env=environment(url), stdout=stdout)
    if not done.ok:
        raise failed(done, url, folder)
    return done


def environment(url: DatabaseUrl | None) -> Mapping[str, str]:
    """The variables of a child: its messages in English, so that they can be told apart."""
    return {"LC_ALL": "C.UTF-8", "LC_MESSAGES": "C", **(url.variables if url is not None else {})}


def failed(done: Completed, url: DatabaseUrl, folder: Path | None = None) -> OpsError:
    """What a failed program said, in one sentence."""
    program = Path(done.argv[0]).name
    if done.code < 0:
        return OpsError(f"{program} was ended by signal {-done.code} before it had finished.", transient=True)
    return explain(done.stderr, url, program, folder)
