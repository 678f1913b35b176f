"""Reads releases out of a git repository's tags, without a checkout and without running anything in it."""

from __future__ import annotations

import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

from smsops import process
from smsops.errors import OpsError

TIMEOUT = 60.0


@dataclass(frozen=True)
class Tag:
    """A tag and the commit and tree it stands for."""

    name: str
    commit: str
    tree: str


class Repository:
    """One repository on this machine."""

    def __init__(self, path: str) -> None:
        self.path = path
        if not path or not Path(path).is_dir():
            raise OpsError(
                f"The source repository {path or '(none given)'} does not exist.",
                fix="Set the environment's source path to a git repository.",
            )

    def _git(self, *words: str) -> process.Completed:
        # The repository may belong to another user; it is only read.
        return process.run(["git", "-c", "safe.directory=*", "-C", self.path, *words], timeout=TIMEOUT)

    def tags(self) -> list[Tag]:
        """Every tag that stands for a commit."""
        done = self._git("for-each-ref", "refs/tags", "--format=%(refname:strip=2)")
        if not done.ok:
            raise OpsError(f"{self.path} is not a git repository: {done.stderr.strip()}")
        return [tag for name in done.stdout.splitlines() if (tag := self._tag(name)) is not None]

    def _tag(self, name: str) -> Tag | None:
        done = self._git("rev-parse", f"refs/tags/{name}^{{commit}}", f"refs/tags/{name}^{{tree}}")
        words = done.stdout.split()
        return Tag(name, *words) if done.ok and len(words) == 2 else None

    def file(self, tag: Tag, path: str) -> str:
        """A file's text at a tag; empty when it is not there."""
        done = self._git("show", f"{tag.commit}:{path}")
        return done.stdout if done.ok else ""

    def files(self, tag: Tag, folder: str) -> list[str]:
        """Paths of the files in a folder at a tag; empty when there is no such folder."""
        done = self._git("ls-tree", "--name-only", tag.commit, f"{folder}/")
        return done.stdout.splitlines() if done.ok else []

    def unpack(self, tag: Tag, folder: Path) -> None:
        """Write the tag's tree into the new folder `folder`; it appears whole or not at all."""
        private = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(private, ignore_errors=True)
        private.mkdir(parents=True)
        archive = private.with_suffix(".tar")
        try:
            done = self._git("archive", "--format=tar", f"--output={archive}", tag.commit)
            if not done.ok:
                raise OpsError(f"The tag {tag.name} cannot be read from {self.path}: {done.stderr.strip()}")
            with tarfile.open(archive) as tar:
                tar.extractall(private, filter="data")
            (private / ".smsops-release.json").write_text(f'{{"id": "tree:{tag.tree}"}}\n')
            shutil.rmtree(folder, ignore_errors=True)
            private.rename(folder)
        finally:
            archive.unlink(missing_ok=True)
            shutil.rmtree(private, ignore_errors=True)
