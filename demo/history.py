"""The releases as a git history, in the language of `git fast-import`.

The good releases are the branch `main`, every broken one is a branch of its own beside it, and each has an
annotated tag. Author and dates are fixed, so the commit ids are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from demo.catalogue import Release, releases, tree

AUTHOR = "SMS demo <demo@sms.example>"


def stream() -> bytes:
    """Everything git needs to make the history, always the same bytes for the same files."""
    return b"".join(_commands())


def _commands() -> Iterator[bytes]:
    marks = {version: mark for mark, version in enumerate(releases(), start=1)}
    for release in releases().values():
        branch = "main" if release.kind == "good" else f"release/{release.version}"
        yield f"commit refs/heads/{branch}\nmark :{marks[release.version]}\n".encode()
        yield _signed("author", release) + _signed("committer", release)
        yield _data(f"Release {release.version}: {release.title}\n".encode())
        if release.parent:
            yield f"from :{marks[release.parent]}\n".encode()
        yield b"deleteall\n"
        for path, content in sorted(tree(release.version).items()):
            yield f"M 100644 inline {path}\n".encode() + _data(content)
        yield f"tag {release.tag}\nfrom :{marks[release.version]}\n".encode()
        yield _signed("tagger", release) + _data(f"{release.title}\n\n{release.changelog}\n".encode())


def _signed(role: str, release: Release) -> bytes:
    moment = datetime.fromisoformat(f"{release.date}T09:00:00+00:00")
    return f"{role} {AUTHOR} {int(moment.timestamp())} +0000\n".encode()


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)
