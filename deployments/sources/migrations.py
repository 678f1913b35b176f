"""Knows a release's migrations: from its source where there is one, else by asking the release itself (D1)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from smsops.errors import OpsError
from smsops.runtimes.base import Runtime

TIMEOUT = 60.0
_LINE = re.compile(r"(?:->\s*)([0-9A-Za-z_]+)(.*)")


@dataclass(frozen=True)
class Migrations:
    """The heads and every revision a release knows. Both empty: it could not be found out."""

    heads: list[str] = field(default_factory=list)
    revisions: list[str] = field(default_factory=list)


def from_source(files: Iterable[str]) -> Migrations:
    """Read the texts of Alembic's version files, without running them."""
    parents: dict[str, set[str]] = {}
    for text in files:
        names = _assigned(text)
        revision = names.get("revision")
        if isinstance(revision, str):
            down = names.get("down_revision")
            parents[revision] = {down} if isinstance(down, str) else set(down if isinstance(down, tuple | list) else ())
    needed = {parent for each in parents.values() for parent in each}
    return Migrations(sorted(parents.keys() - needed), sorted(parents))


def from_image(runtime: Runtime, image_id: str) -> Migrations:
    """Ask `alembic history` in the release. It runs in the folder of its ini file, and only stdout counts
    (sms-contract, surprise 9)."""
    try:
        done = runtime.run_once(image_id, ["python", "-m", "alembic", "history"], TIMEOUT, "backend")
    except OpsError:
        return Migrations()
    found = [match for line in done.stdout.splitlines() if (match := _LINE.search(line))] if done.ok else []
    heads = [match[1] for match in found if "(head)" in match[2]]
    return Migrations(sorted(heads), sorted(match[1] for match in found))


def _assigned(text: str) -> dict[str, object]:
    """The constants a version file assigns at its top."""
    try:
        body = ast.parse(text).body
    except SyntaxError:
        return {}
    found: dict[str, object] = {}
    for node in body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if len(targets) == 1 and isinstance(targets[0], ast.Name) and getattr(node, "value", None) is not None:
            try:
                found[targets[0].id] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
            except ValueError:
                continue
    return found
