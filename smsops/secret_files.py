"""The secrets of an installation as files (docker-compose.yml): made once, and never written over.

`python -m smsops.secret_files FOLDER` makes those that are missing. The folder is for its owner alone, and so the files
can be readable: each service of the compose file is another user, and sees the files it is given and no more.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

MADE = ("postgres_password", "secret_key", "field_key")
EMPTY = ("email_password", "oidc_client_secret")  # a person fills them, where the mail server or provider wants one
NEEDED = ("SMSOPS_SECRET_KEY", "SMSOPS_FIELD_KEY", "SMSOPS_DATABASE_PASSWORD")
HINT = "“docker-compose run --rm secrets” makes the files that are missing; an empty one has to be removed first."


def problem(environ: Mapping[str, str]) -> str:
    """What is wrong with the files of the secrets that are named, in sentences; empty where they can be used.

    An empty file would be taken for no secret at all: smsops would make keys of its own, and lose them.
    """
    for name in NEEDED:
        given = environ.get(f"{name}_FILE")
        if given and (said := _said(Path(given))):
            return f"{name}_FILE: {said} {HINT}"
    return ""


def _said(path: Path) -> str:
    try:
        return "" if path.read_text(encoding="utf-8").strip() else f"the file {path} is empty."
    except FileNotFoundError:
        return f"there is no file {path}."
    except (OSError, UnicodeDecodeError) as error:
        return f"the file {path} cannot be read: {getattr(error, 'strerror', None) or 'it is not text'}."


def make(folder: Path) -> list[str]:
    """Make what is missing; the names of the files that were made. OSError where the folder cannot be written."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    owner = folder.stat()
    made = []
    for name in (*MADE, *EMPTY):
        path = folder / name
        if path.exists():
            path.chmod(path.stat().st_mode | 0o444)  # one of an earlier version's was for its owner alone
            continue
        private = folder / f".{name}.{secrets.token_hex(4)}"
        private.write_text("" if name in EMPTY else secrets.token_urlsafe(48), encoding="ascii")
        private.chmod(0o444 if name in MADE else 0o644)
        os.chown(private, owner.st_uid, owner.st_gid)
        os.link(private, path)  # refuses where another one was faster
        private.unlink()
        made.append(name)
    return made


def main(argv: Sequence[str]) -> int:
    """0 when all of them are there; 2 when they cannot be made."""
    if len(argv) != 1:
        sys.stderr.write("Name the folder: python -m smsops.secret_files FOLDER\n")
        return 2
    folder = Path(argv[0])
    try:
        made = make(folder)
    except OSError as error:
        sys.stderr.write(f"The secrets cannot be made in {folder}: {error.strerror}.\n")
        return 2
    empty = [name for name in MADE if not (folder / name).read_text(encoding="utf-8").strip()]
    if empty:
        sys.stderr.write(f"Empty, and so of no use: {', '.join(empty)}. Remove it, then do this again.\n")
        return 2
    said = f"Made: {', '.join(made)}." if made else "All of them are there; nothing was changed."
    sys.stdout.write(f"{said}\nKeep a copy of field_key elsewhere: without it the secrets in smsops' rows are lost.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
