"""Reads releases out of a git repository's tags, without a checkout and without running anything in it.

Only commands that read objects are used: a checkout or an archive would run the filters its configuration names.
"""

from __future__ import annotations

import posixpath
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from smsops import process
from smsops.errors import OpsError
from smsops.runtimes import release_folders

TIMEOUT = 60.0
MAX_TEXT = 8 * 1024 * 1024
SYMLINK, SUBMODULE = "120000", "160000"
# The repository may belong to another user, and what it lacks (a partial clone) is not fetched: that runs programs.
GIT = ("git", "-c", "safe.directory=*", "-c", "protocol.allow=never", "--no-pager")


@dataclass(frozen=True)
class Tag:
    """A tag and the commit and tree it stands for."""

    name: str
    commit: str
    tree: str
    committed_at: datetime | None = None


@dataclass(frozen=True)
class _Leaf:
    mode: str
    blob: str
    path: str


class Repository:
    """One repository on this machine."""

    def __init__(self, path: str) -> None:
        self.path = path
        if not path or not Path(path).is_dir():
            raise OpsError(
                f"The source repository {path or '(none given)'} does not exist.",
                fix="Set the environment's source path to a git repository.",
            )

    def _git(self, *words: str, stdin: bytes = b"", stdout: IO[bytes] | None = None) -> process.Completed:
        argv = [*GIT, "-C", self.path, *words]
        return process.run(argv, timeout=TIMEOUT, stdin=stdin, stdout=stdout, keep=MAX_TEXT)

    def tags(self) -> list[Tag]:
        """Every tag that stands for a commit."""
        # A tag is a commit's name, or an object of its own that points to one (the starred field).
        wanted = "%(refname:strip=2) %(committerdate:unix)%(*committerdate:unix)"
        done = self._git("for-each-ref", "refs/tags", f"--format={wanted}")
        if not done.ok:
            raise OpsError(f"{self.path} is not a git repository: {done.stderr.strip()}")
        rows = [line.rpartition(" ") for line in done.stdout.splitlines()]
        return [tag for name, _, when in rows if (tag := self._tag(name, when)) is not None]

    def _tag(self, name: str, when: str) -> Tag | None:
        done = self._git("rev-parse", f"refs/tags/{name}^{{commit}}", f"refs/tags/{name}^{{tree}}")
        words = done.stdout.split()
        return Tag(name, words[0], words[1], _moment(when)) if done.ok and len(words) == 2 else None

    def file(self, tag: Tag, path: str) -> str:
        """A file's text at a tag; empty when it is not there."""
        done = self._git("cat-file", "blob", f"{tag.commit}:{path}")
        return done.stdout if done.ok else ""

    def files(self, tag: Tag, folder: str) -> list[str]:
        """Paths of the files in a folder at a tag; empty when there is no such folder."""
        done = self._git("ls-tree", "-z", "--name-only", tag.commit, f"{folder}/")
        return [path for path in done.stdout.split("\0") if path] if done.ok else []

    def history(self, commits: str, most: int) -> list[str]:
        """What was committed, newest first, a line each without anybody's name; `commits` is one to go back from, or
        “from..to”. OpsError when the repository does not know it."""
        words = (
            "log",
            f"--max-count={most}",
            "--date=iso-strict",
            "--format=%h %ad %s",
            "--end-of-options",
            commits,
            "--",
        )
        done = self._git(*words)
        if not done.ok:
            raise OpsError(f"The repository {self.path} does not know {commits[:100]}.")
        return done.stdout.splitlines()

    def unpack(self, tag: Tag, folder: Path) -> None:
        """Write the tag's tree into the new folder `folder`; it appears whole or not at all.

        Raises OpsError, naming the tag, when the tree cannot be read or a path in it leads outside.
        """
        private = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(private, ignore_errors=True)
        private.mkdir(parents=True)
        try:
            leaves = self._leaves(tag)
            with self._blobs(tag, leaves) as blobs:
                for leaf in leaves:
                    _write(private, leaf, _next_blob(blobs), f"The tag {tag.name}")
            release_folders.mark(private, f"tree:{tag.tree}")
            shutil.rmtree(folder, ignore_errors=True)
            private.rename(folder)
        except OSError as error:
            raise OpsError(f"The tag {tag.name} cannot be unpacked to {folder}: {error.strerror}.") from error
        finally:
            shutil.rmtree(private, ignore_errors=True)

    def _leaves(self, tag: Tag) -> list[_Leaf]:
        done = self._git("ls-tree", "-r", "-z", "--full-tree", tag.commit)
        if not done.ok:
            raise OpsError(f"The tag {tag.name} cannot be read from {self.path}: {done.stderr.strip()}")
        rows = (row.partition("\t") for row in done.stdout.split("\0") if row)
        leaves = [_Leaf(head.split()[0], head.split()[2], path) for head, _, path in rows]
        for leaf in leaves:
            if _leads_outside(leaf.path):
                raise OpsError(f"The tag {tag.name} has a path that leads outside: {leaf.path}")
        return [leaf for leaf in leaves if leaf.mode != SUBMODULE]

    def _blobs(self, tag: Tag, leaves: list[_Leaf]) -> IO[bytes]:
        """The contents of the leaves, one after the other, each behind a line with its size."""
        file = tempfile.TemporaryFile()  # noqa: SIM115
        asked = "".join(f"{leaf.blob}\n" for leaf in leaves).encode()
        done = self._git("cat-file", "--batch", stdin=asked, stdout=file)
        if not done.ok:
            file.close()
            raise OpsError(f"The tag {tag.name} cannot be read from {self.path}: {done.stderr.strip()}")
        file.seek(0)
        return file


def _moment(seconds: str) -> datetime | None:
    """A commit's time; None for one that is not told, or that no calendar has."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _next_blob(blobs: IO[bytes]) -> Iterator[bytes]:
    """The pieces of the next content."""
    head = blobs.readline().split()
    if len(head) != 3:
        raise OpsError(f"The repository lacks the object {b' '.join(head[:1]).decode(errors='replace')}.")
    left = int(head[2])
    while left:
        piece = blobs.read(min(left, process.PIECE))
        left -= len(piece)
        yield piece
    blobs.read(1)  # the line's end after it


def _write(root: Path, leaf: _Leaf, content: Iterator[bytes], source: str) -> None:
    target = root / leaf.path
    target.parent.mkdir(parents=True, exist_ok=True)
    if leaf.mode == SYMLINK:
        to = b"".join(content).decode(errors="surrogateescape")
        if _leads_outside(posixpath.join(posixpath.dirname(leaf.path), to)):
            raise OpsError(f"{source} has a link that leads outside: {leaf.path}")
        target.symlink_to(to)
        return
    with target.open("xb") as file:
        for piece in content:
            file.write(piece)
    target.chmod(0o755 if leaf.mode.endswith("755") else 0o644)


def _leads_outside(path: str) -> bool:
    return path.startswith("/") or posixpath.normpath(path).split("/")[0] == ".."
