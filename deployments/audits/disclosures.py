"""Secrets that were left in a release's files: detect-secrets. Where they are and of which sort, never their value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployments.audits.base import CouldNotCheck, Found, Report, document, run
from smsops.text import count_text

TOOL = "detect-secrets"
HINT = "pip install -r requirements-audit.txt where the worker runs."
WORDS = ("scan", "--all-files", "--no-verify", ".")  # not tried out against the services they might open


def check(tree: Path, own: str, seconds: float) -> Report:
    """Look through every file below `tree`, except the one called `own`, which smsops put there."""
    files = sum(path.is_file() for path in tree.rglob("*")) - (tree / own).is_file()
    return report(document(TOOL, run(TOOL, WORDS, tree, seconds, HINT)), own, files)


def report(said: Mapping[str, Any], own: str, files: int) -> Report:
    """What detect-secrets said; its digests of the values only tell the findings apart."""
    if not isinstance(said.get("results"), Mapping):
        raise CouldNotCheck(f"{TOOL} gave an answer of an unknown form.")
    found = [
        Found(
            f"Looks like a secret: {each['type']}",
            f"{path} {each['type']} {each.get('hashed_secret', '')}",
            severity="high",
            file=path,
            line=each.get("line_number"),
        )
        for path, places in sorted(said["results"].items())
        for each in places
        if path != own
    ]
    return Report(count_text(files, "file"), tuple(found))
