"""A shelf in a folder of an SFTP server.

SFTP lets a file appear byte by byte, and a rename may be forbidden. So a file counts as there once an empty file
`.NAME.whole` lies beside it, made when all of it had arrived. What a killed copy left is written through to its end:
every writer writes the same bytes, names being given once.
"""

from __future__ import annotations

import contextlib
import io
import logging
import posixpath
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import paramiko
from storages.backends.sftpstorage import SFTPStorage

from backups.vault.entries import Entry
from backups.vault.remote import ANSWER_SECONDS, CONNECT_SECONDS, RemoteShelf, Site
from smsops.errors import OpsError

logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # what went wrong is said in our sentence
PIECE = 256 * 1024
WORD, WINDOW = 32 * 1024, 2 * 1024 * 1024  # bytes of one question, and of those asked at once
KEYS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class KnownHostStorage(SFTPStorage):  # type: ignore[misc]
    """Django's storage on SFTP, talking to no server but the one whose key it was given."""

    site: Site

    def _connect(self) -> None:
        host, _, port = self.site.address.partition(":")
        self._ssh = paramiko.SSHClient()
        kind, _, key = self.site.host_key.strip().partition(" ")
        name = f"[{host}]:{port}" if port not in ("", "22") else host
        entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{name} {kind} {key}")
        if entry is None or entry.key is None:
            raise OpsError(f"The host key of {host} is missing.", fix=f"Enter what “ssh-keyscan {host}” says of it.")
        self._ssh.get_host_keys().add(name, kind, entry.key)
        self._ssh.set_missing_host_key_policy(paramiko.RejectPolicy())
        waits = {"timeout": CONNECT_SECONDS} | dict.fromkeys(("banner_timeout", "auth_timeout"), ANSWER_SECONDS)
        self._ssh.connect(
            host,
            int(port or 22),
            self.site.user,
            **waits,
            **_credentials(self.site.secret),
            channel_timeout=ANSWER_SECONDS,
            allow_agent=False,
            look_for_keys=False,
        )
        self._sftp = self._ssh.open_sftp()
        self._sftp.get_channel().settimeout(ANSWER_SECONDS)


def _credentials(secret: str) -> dict[str, Any]:
    """A password, or a private key of whatever kind."""
    if "PRIVATE KEY" not in secret:
        return {"password": secret}
    for kind in KEYS:
        with contextlib.suppress(paramiko.SSHException, ValueError):
            return {"pkey": kind.from_private_key(io.StringIO(secret))}
    raise OpsError("The private key of the SFTP server cannot be read.", fix="Enter one without a passphrase.")


class SftpShelf(RemoteShelf):
    """A shelf in a folder, below a prefix."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.place = f"the folder “{site.bucket}” of the SFTP server {site.address}"
        self.root = posixpath.join(site.bucket, site.prefix.strip("/"))
        self.storage = KnownHostStorage(host=site.address, root_path=self.root, dir_mode=0o700)
        self.storage.site = site

    @property
    def sftp(self) -> paramiko.SFTPClient:
        return cast(paramiko.SFTPClient, self.storage.sftp)

    def _path(self, name: str) -> str:
        return posixpath.join(self.root, name)

    def _mark(self, name: str) -> str:
        folder, file = posixpath.split(self._path(name))
        return posixpath.join(folder, f".{file}.whole")

    def _list(self, folder: str) -> list[str]:
        try:
            entries = self.sftp.listdir_attr(self._path(folder))
        except FileNotFoundError:
            self._see_folder()
            return []
        names = {entry.filename for entry in entries}
        folders = {entry.filename for entry in entries if stat.S_ISDIR(entry.st_mode or 0)}
        return sorted(folders | {name for name in names if f".{name}.whole" in names})

    def _below(self, folder: str) -> Iterator[Entry]:
        try:
            entries = {entry.filename: entry for entry in self.sftp.listdir_attr(self._path(folder))}
        except FileNotFoundError:
            self._see_folder()
            return
        for name, entry in entries.items():
            if stat.S_ISDIR(entry.st_mode or 0):
                yield from self._below(f"{folder}/{name}")
            elif f".{name}.whole" in entries:
                yield Entry(f"{folder}/{name}", entry.st_size or 0, float(entry.st_mtime or 0))

    def _see_folder(self) -> None:
        """A missing folder is an empty one only where the site's own is there."""
        try:
            self.sftp.stat(self.site.bucket)
        except FileNotFoundError:
            said = f"There is no {self.place.removeprefix('the ')}."
            raise OpsError(said, fix="Make it first, or mount what belongs there.") from None

    def _size(self, name: str) -> int | None:
        try:
            self.sftp.stat(self._mark(name))
            size: int | None = self.sftp.stat(self._path(name)).st_size
        except FileNotFoundError:
            self._see_folder()
            return None
        return size

    def _fetch(self, name: str) -> BinaryIO:
        if self._size(name) is None:
            raise FileNotFoundError(name)
        return self._spooled(lambda spool: self._fill(spool, self._path(name)))

    def _fill(self, spool: BinaryIO, path: str) -> None:
        # A window at a time: asking for all at once fills the memory, and paramiko's own limit makes it 9 times slower.
        with self.sftp.open(path) as file:
            size = file.stat().st_size or 0
            for start in range(0, size, WINDOW):
                end = min(start + WINDOW, size)
                for piece in file.readv([(at, min(WORD, end - at)) for at in range(start, end, WORD)]):
                    spool.write(piece)
        if spool.tell() != size:
            raise self._other(f"{path} ended too early.")

    def _send(self, name: str, source: Path) -> None:
        path = self._path(name)
        self._make_folder(posixpath.dirname(path))
        with source.open("rb") as local, self._half(path) as remote:
            remote.set_pipelined(True)
            shutil.copyfileobj(local, remote, PIECE)
        if self.sftp.stat(path).st_size == source.stat().st_size:
            self.sftp.open(self._mark(name), "w").close()
        else:
            raise self._other(f"{name} has another length there than here.")

    def _half(self, path: str) -> paramiko.SFTPFile:
        """The file at `path`, made or gone on with; never cut, for another one may be writing it too."""
        try:
            return self.sftp.open(path, "r+")
        except FileNotFoundError:
            self.sftp.open(path, "a").close()
            return self.sftp.open(path, "r+")

    def _make_folder(self, path: str) -> None:
        try:
            self.sftp.stat(path)
        except FileNotFoundError:
            self._make_folder(posixpath.dirname(path))
            with contextlib.suppress(OSError):  # another one was first; if not, the next step says why
                self.sftp.mkdir(path, 0o700)

    def _delete(self, name: str) -> None:
        for path in (self._mark(name), self._path(name)):  # first, so that no half of it is ever there
            with contextlib.suppress(FileNotFoundError):
                self.sftp.remove(path)

    def _explain(self, error: Exception) -> OpsError | None:
        self.close()  # whatever it was: what comes next begins with a new connection
        if isinstance(error, paramiko.BadHostKeyException):
            fix = "If it was set up anew, enter its new host key; if not, somebody stands in between."
            return OpsError(f"The server of {self.place} shows another host key than it had.", fix=fix)
        if isinstance(error, paramiko.AuthenticationException):
            return self._refused()
        if isinstance(error, PermissionError):
            return self._forbidden()
        if isinstance(error, paramiko.SSHException) and "known_hosts" in str(error):
            return OpsError(f"The server of {self.place} shows a host key of another kind than the one entered.")
        if isinstance(error, paramiko.ssh_exception.NoValidConnectionsError) or str(error) == "Socket is closed":
            return self._silent()
        if isinstance(error, OSError) and error.errno is None and not isinstance(error, TimeoutError):
            return self._other(error)  # an answer, such as “Failure” of a full disk
        return self._silent() if isinstance(error, OSError | EOFError | paramiko.SSHException) else None

    def close(self) -> None:
        self.storage.close()
        self.storage._ssh = self.storage._sftp = None
