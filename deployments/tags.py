"""Tags smsops gives to images beside their versions; none of them is taken for a release."""

from __future__ import annotations

import re

_OWN = re.compile(r"smsops-run-(?P<run>\d+)|(?P<version>.+)-before-run-\d+")


def working(run: int) -> str:
    """What an image is called until it gets its version; it names the run that made it."""
    return f"smsops-run-{run}"


def kept(version: str, run: int) -> str:
    """What an image is called after another one, made by the run, got its version."""
    return f"{version}-before-run-{run}"


def own(tag: str) -> bool:
    """Whether smsops gave the tag."""
    return _OWN.fullmatch(tag) is not None


def run_of(tag: str) -> int | None:
    """The run whose working tag it is; None for any other."""
    found = _OWN.fullmatch(tag)
    return int(found["run"]) if found is not None and found["run"] else None


def version_of(tag: str) -> str:
    """The version an image had before another one got it; else the tag itself."""
    found = _OWN.fullmatch(tag)
    return found["version"] if found is not None and found["version"] else tag
