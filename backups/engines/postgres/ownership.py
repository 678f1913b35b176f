"""Whom a server of our own runs as: PostgreSQL refuses to be root, everybody else is good enough."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path
from typing import Any

from smsops.errors import OpsError

SERVER_USER = "postgres"


def of_process() -> dict[str, Any]:
    """How its programs are started."""
    who = _owner()
    env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
    other = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []} if who else {}
    return {"cwd": "/", "env": env, **other}


def give_away(*paths: Path) -> None:
    """Give these, and what is in them, to whom the server runs as."""
    if (who := _owner()) is not None:
        for path in paths:
            for each in (path, *path.rglob("*")):
                shutil.chown(each, who.pw_uid, who.pw_gid)


def _owner() -> pwd.struct_passwd | None:
    """None: as we do."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        raise OpsError(f"A server does not run as root, and there is no user {SERVER_USER} here.") from None
