"""Shelves on other machines, for copies off-site (B8): S3 and what speaks like it, Azure Blob, SFTP.

What they need to be allowed: to list below the prefix, to read, and to make new files. Copying removes nothing, writes
nothing over and renames nothing, so that whoever steals these credentials cannot spoil what is there.
"""

from __future__ import annotations

import contextlib
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from backups.errors import NotAllowed
from backups.vault.entries import Entry
from backups.vault.shelf import FolderShelf, Shelf
from smsops.errors import OpsError

CONNECT_SECONDS, ANSWER_SECONDS = 4, 8  # for a connection, and for each word of the other side; tried once
SPOOL_BYTES = 4 * 1024 * 1024  # what is fetched lies in memory up to this, above it in a temporary file


@dataclass(frozen=True)
class Site:
    """Where a replica is. `prefix` is the folder inside `bucket` that belongs to it alone.

    | kind | address | bucket | user, secret |
    | --- | --- | --- | --- |
    | s3 | URL; empty: AWS | bucket | access key and its secret; empty: those of the machine |
    | azure | URL of the account | container | account and its key; no user: the secret is a SAS token |
    | sftp | host or host:port | existing folder | user, and a password or a private key in PEM |
    | folder | | existing folder, a mounted one for instance | |

    `host_key` is the SFTP server's public key (“ssh-ed25519 AAAA…”, as ssh-keyscan says it). With `lock_days` no S3
    object can be removed or changed by anybody for so many days; in the mode GOVERNANCE by nobody without the right
    to bypass it. That needs a bucket with object lock, and the rights
    GetBucketObjectLockConfiguration, GetObjectRetention and PutObjectRetention.
    """

    kind: str
    bucket: str
    address: str = ""
    prefix: str = ""
    user: str = ""
    secret: str = field(default="", repr=False)
    region: str = ""
    host_key: str = ""
    lock_days: int = 0
    lock_mode: str = "COMPLIANCE"


@contextlib.contextmanager
def opened(site: Site) -> Iterator[Shelf]:
    """The shelf at `site`; for one process and one thread. OpsError when the site cannot be as it is described."""
    if site.lock_days and site.kind != "s3":
        raise OpsError(
            f"A lock on every object is known to S3 only, not to {site.kind}.",
            fix="Leave the days empty, and let the server itself keep files for a while.",
        )
    if site.kind == "folder":
        yield _folder(site)
        return
    shelf = _remote(site)
    try:
        yield shelf
    finally:
        shelf.close()


def _folder(site: Site) -> FolderShelf:
    if not Path(site.bucket).is_dir():  # or a disk that is not mounted would be taken for an empty replica
        raise OpsError(f"There is no folder {site.bucket}.", fix="Mount it, or make it.")
    return FolderShelf(Path(site.bucket) / site.prefix)


def _remote(site: Site) -> RemoteShelf:
    # Imported when needed: each brings a large library of its own.
    if site.kind == "s3":
        from backups.vault.s3 import S3Shelf

        return S3Shelf(site)
    if site.kind == "azure":
        from backups.vault.azure import AzureShelf

        return AzureShelf(site)
    if site.kind == "sftp":
        from backups.vault.sftp import SftpShelf

        return SftpShelf(site)
    raise OpsError(f"“{site.kind}” is no kind of replica.", fix="There are s3, azure, sftp and folder.")


class RemoteShelf(ABC):
    """A shelf as the Protocol says, with one difference: a file that is there is never written over."""

    place: str  # what it is called in a sentence

    def names(self, folder: str) -> list[str]:
        with self._explained():
            return sorted(name for name in self._list(folder) if not name.startswith("."))

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading. It is fetched as a whole first: whoever reads it has no network to fear."""
        with self._explained():
            return self._fetch(name)

    def exists(self, name: str) -> bool:
        with self._explained():
            return self._size(name) is not None

    def size(self, name: str) -> int:
        """How many bytes a file has; FileNotFoundError when it is missing."""
        with self._explained():
            found = self._size(name)
        if found is None:
            raise FileNotFoundError(name)
        return found

    def put(self, name: str, source: Path) -> None:
        """As the Protocol says; where there is such a file of the same size nothing is sent, and OpsError is raised
        when it has another one."""
        with self._explained():
            size = source.stat().st_size
            there = self._size(name)
            if there is None:
                self._send(name, source)
                there = self._size(name)
        if there != size:
            raise OpsError(
                f"{name} is in {self.place} with another length; it is never written over.",
                fix="Remove it there, then copy again.",
            )
        source.unlink()

    def prolong(self, name: str) -> None:
        """See to it that a file stays locked for the site's days from now on, where the site locks."""
        with self._explained():
            self._prolong(name)

    def remove(self, name: str) -> None:
        with self._explained():
            self._delete(name)

    def below(self, folder: str) -> list[Entry]:
        """Every file in a folder and those in it, in order of their names."""
        with self._explained():
            found = sorted(self._below(folder), key=lambda entry: entry.name)
        return [entry for entry in found if not entry.name.rpartition("/")[2].startswith(".")]

    def release(self, name: str) -> bool:
        """Remove a file unless it is locked; whether it is gone."""
        with self._explained():
            if self._locked(name):
                return False
            self._delete(name)
        return True

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the library's errors into one sentence."""
        try:
            yield
        except (OpsError, FileNotFoundError):
            raise
        except Exception as error:
            said = self._explain(error)
            if said is None:
                raise
            raise said from error

    def _spooled(self, fill: Callable[[BinaryIO], object]) -> BinaryIO:
        """What `fill` writes, from its beginning: in memory, or in a temporary file that nobody else sees."""
        spool = cast(BinaryIO, tempfile.SpooledTemporaryFile(SPOOL_BYTES))  # noqa: SIM115 - the caller closes it
        try:
            fill(spool)
            spool.seek(0)
        except BaseException:
            spool.close()
            raise
        return spool

    def _silent(self) -> OpsError:
        fix = "Look after it and the way to it; what was copied stays, the rest is copied next time."
        return OpsError(f"The server of {self.place} does not answer.", transient=True, fix=fix)

    def _absent(self) -> OpsError:
        return OpsError(f"{self.place[0].upper()}{self.place[1:]} does not exist.", fix="Make it first.")

    def _refused(self) -> OpsError:
        return OpsError(f"The server of {self.place} refuses the credentials.", fix="Enter those of this replica anew.")

    def _forbidden(self) -> OpsError:
        return NotAllowed(
            f"The credentials of {self.place} do not allow this.",
            fix="Copying needs the rights to list below the prefix, to read and to make files.",
        )

    def _other(self, said: object) -> OpsError:
        return OpsError(f"The server of {self.place} says: {str(said).strip()[:200]}", transient=True)

    @abstractmethod
    def _list(self, folder: str) -> list[str]: ...

    @abstractmethod
    def _below(self, folder: str) -> Iterable[Entry]: ...

    @abstractmethod
    def _size(self, name: str) -> int | None: ...

    @abstractmethod
    def _fetch(self, name: str) -> BinaryIO: ...

    @abstractmethod
    def _send(self, name: str, source: Path) -> None:
        """Let the file appear in one step, unless there is one by now."""

    @abstractmethod
    def _delete(self, name: str) -> None: ...

    @abstractmethod
    def _explain(self, error: Exception) -> OpsError | None:
        """The sentence for an error; None when it is not one of this library's."""

    def _prolong(self, name: str) -> None:  # noqa: B027 - nothing to do where nothing is locked
        """Lock a file anew."""

    def _locked(self, name: str) -> bool:
        """Whether a file must not be removed yet."""
        return False

    @abstractmethod
    def close(self) -> None:
        """End every connection."""
