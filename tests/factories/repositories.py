"""Git repositories of releases."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


def git(folder: Path, *words: str) -> str:
    """Run git in a folder, without the settings of this machine and this person."""
    person = ["-c", "user.name=Tests", "-c", "user.email=tests@smsops.example", "-c", "init.defaultBranch=main"]
    own = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env = own | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    command = ["git", "-C", str(folder), *person, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout


def make_repository(folder: Path, tags: Mapping[str, Mapping[str, str]]) -> Path:
    """A git repository with one commit per tag, each with exactly the files given for it."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--template=")
    for tag, files in tags.items():
        git(folder, "rm", "-rqf", "--ignore-unmatch", ".")
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(text.encode("utf-8", "surrogateescape"))
        git(folder, "add", "--all", "--force")
        git(folder, "commit", "--quiet", "--allow-empty", "--message", f"Release {tag}")
        git(folder, "tag", tag)
    return folder
