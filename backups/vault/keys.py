"""The keys backups are sealed with: each has an id taken from itself, none is ever removed (B5)."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from backups.errors import KeyUnusable
from backups.vault.shelf import make_private
from smsops.belongings import hand_over
from smsops.errors import OpsError

KEY_BYTES = 32
CURRENT, ESCROWED = "current", "escrowed.json"
UNFINISHED_SECONDS = 600


@dataclass(frozen=True)
class Key:
    """A master key. `identity` is the beginning of its own SHA-256, so a damaged key cannot pass for a good one."""

    identity: str
    secret: bytes = field(repr=False)
    made_at: str = ""

    def as_data(self) -> dict[str, str]:
        data = {"id": self.identity, "key": base64.b64encode(self.secret).decode(), "made_at": self.made_at}
        return data | {"check": hashlib.sha256(json.dumps(data).encode()).hexdigest()[:16]}


def identity_of(secret: bytes) -> str:
    """The id of a key."""
    return hashlib.sha256(b"smsops key " + secret).hexdigest()[:16]


class Keyring:
    """The keys in one folder, a file each; made on first use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def current(self) -> Key:
        """The key new backups are sealed with."""
        try:
            return self.get((self.folder / CURRENT).read_bytes().decode(errors="replace").strip())
        except FileNotFoundError:
            if self.identities():
                raise KeyUnusable(
                    f"The file {self.folder / CURRENT} is missing, which names the current key.",
                    fix="Put it back, or begin a new key with “ops vault rotate-key”.",
                ) from None
            return self.rotate()

    def get(self, identity: str) -> Key:
        """The key with this id. Raises KeyUnusable when it is not here or its file is damaged."""
        path = self.folder / f"{Path(identity).name}.json"
        try:
            key = parse(path.read_bytes())
        except FileNotFoundError:
            raise KeyUnusable(
                f"The key {identity} is not in {self.folder}.",
                fix="Bring it back from the escrow file with “ops vault import-keys FILE”.",
            ) from None
        except OSError as error:
            raise KeyUnusable(f"The key {identity} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise KeyUnusable(f"“{identity!r}” is not the id of a key.") from error
        if key.identity != identity:
            raise KeyUnusable(f"The file of the key {identity} holds another one.")
        return key

    def identities(self) -> list[str]:
        """The ids of every key here."""
        if not self.folder.is_dir():
            return []
        names = sorted(path.stem for path in self.folder.glob("*.json") if path.name != ESCROWED)
        return [name for name in names if not name.startswith(".")]

    def rotate(self) -> Key:
        """Make a new key and let it be the current one; backups sealed with earlier ones stay readable."""
        secret = secrets.token_bytes(KEY_BYTES)
        key = Key(identity_of(secret), secret, datetime.now(UTC).isoformat(timespec="seconds"))
        self.add(key)
        _write(self.folder / CURRENT, f"{key.identity}\n")
        return key

    def add(self, key: Key) -> None:
        """Take in a key, without letting it be the current one."""
        try:
            make_private(self.folder)
            _write(self.folder / f"{key.identity}.json", _file_text(key))
        except OSError as error:
            raise OpsError(f"The folder of the keys {self.folder} cannot be written: {error.strerror}.") from error

    def export(self, path: Path) -> int:
        """Write every key into the new escrow file `path`, for a safe place elsewhere; returns how many.

        The keys in it are written down as exported, which ends the warning about them.
        """
        self.current()
        keys = [self.get(identity) for identity in self.identities()]
        try:
            with _private(path) as file:
                file.write(json.dumps({"smsops": "keys", "keys": [key.as_data() for key in keys]}, indent=1) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            raise OpsError(f"The escrow file {path} cannot be written: File exists.") from None
        except OSError as error:
            path.unlink(missing_ok=True)
            raise OpsError(f"The escrow file {path} cannot be written: {error.strerror}.") from error
        _write(self.folder / ESCROWED, json.dumps(sorted(key.identity for key in keys)))
        return len(keys)

    def load(self, path: Path) -> int:
        """Take in the keys of an escrow file; returns how many. They count as exported: there is a copy elsewhere."""
        try:
            listed = json.loads(path.read_text(encoding="utf-8"))["keys"]
            keys = [parse(json.dumps(each).encode()) for each in listed]
        except OSError as error:
            raise OpsError(f"The escrow file {path} cannot be read: {error.strerror}.") from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise OpsError(f"{path} is not an escrow file of smsops.") from error
        for key in keys:
            self.add(key)
        if keys and not (self.folder / CURRENT).exists():
            _write(self.folder / CURRENT, f"{max(keys, key=lambda key: key.made_at).identity}\n")
        _write(self.folder / ESCROWED, json.dumps(sorted(self._escrowed() | {key.identity for key in keys})))
        return len(keys)

    def complaints(self) -> list[str]:
        """A sentence for each file of a key that is not, to the byte, as it was written, usable or not."""
        said = []
        for identity in self.identities():
            try:
                written = _file_text(self.get(identity))
                if (self.folder / f"{identity}.json").read_bytes() != written.encode():
                    said.append(f"The file of the key {identity} was changed; the key itself can be used.")
            except OpsError as error:
                said.append(str(error))
        with contextlib.suppress(FileNotFoundError):
            if (self.folder / CURRENT).read_bytes() not in [f"{each}\n".encode() for each in self.identities()]:
                said.append(f"The file {self.folder / CURRENT} does not name a key that is here.")
        return said

    def sweep(self) -> None:
        """Remove what killed writers left; those still at it are not that old. A key that has its name stays."""
        with contextlib.suppress(OSError):
            for path in self.folder.glob(".*.*"):
                if time.time() - path.stat().st_mtime > UNFINISHED_SECONDS:
                    path.unlink(missing_ok=True)

    def at_risk(self) -> list[str]:
        """Keys that exist nowhere else: if this folder is lost, so is every backup sealed with them."""
        return [identity for identity in self.identities() if identity not in self._escrowed()]

    def _escrowed(self) -> set[str]:
        with contextlib.suppress(OSError, ValueError, TypeError, RecursionError):
            return set(map(str, json.loads((self.folder / ESCROWED).read_text(encoding="utf-8"))))
        return set()


def parse(data: bytes) -> Key:
    """A key from its JSON; KeyUnusable when anything in it is not as it was written."""
    try:
        fields = json.loads(data)
        secret = base64.b64decode(fields["key"], validate=True)
        key = Key(str(fields["id"]), secret, str(fields["made_at"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise KeyUnusable("A key file is damaged.", fix="Bring the key back from the escrow file.") from None
    if len(secret) != KEY_BYTES or identity_of(secret) != key.identity or key.as_data() != fields:
        raise KeyUnusable(
            f"The file of the key {key.identity[:16]} is damaged.", fix="Bring the key back from the escrow file."
        )
    return key


def _file_text(key: Key) -> str:
    return json.dumps(key.as_data()) + "\n"


def _private(path: Path) -> TextIO:
    """A new file for its owner alone."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")


def _write(path: Path, text: str) -> None:
    """Replace a small file in one step, for its owner alone."""
    private = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with _private(private) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    hand_over(private)
    private.replace(path)
    handle = os.open(path.parent, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
