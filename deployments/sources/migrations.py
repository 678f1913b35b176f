"""Knows a release's migrations: from its source where there is one, else by asking the release itself (D1)."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from deployments.sources import downgrades
from deployments.sources.downgrades import Downgrade
from smsops.errors import OpsError
from smsops.process import Completed
from smsops.runtimes.base import Runtime

TIMEOUT = 60.0
FOLDERS = ("backend/migrations/versions", "src/backend/migrations/versions")  # by era (sms-contract)
_LINE = re.compile(r"^(.*?)->\s*([0-9A-Za-z_]+)")
_FILES = (  # era C keeps the same folder in the image (sms-contract)
    "import json, pathlib; "
    "print(json.dumps([path.read_text() for path in sorted(pathlib.Path('migrations/versions').glob('*.py'))]))"
)


@dataclass(frozen=True)
class Revision:
    """One migration: those it builds on, and its way back, where that is known."""

    name: str
    down: tuple[str, ...] = ()
    back: Downgrade | None = None


@dataclass(frozen=True)
class Migrations:
    """Every revision a release knows, by name. Empty: it could not be found out."""

    revisions: dict[str, Revision] = field(default_factory=dict)

    @property
    def heads(self) -> list[str]:
        """Those nothing builds on."""
        needed = {parent for each in self.revisions.values() for parent in each.down}
        return sorted(self.revisions.keys() - needed)

    def below(self, names: Iterable[str]) -> set[str]:
        """These revisions and all they build on; one that is not known has nothing below it."""
        found: set[str] = set()
        waiting = [name for name in names if name in self.revisions]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.revisions[name].down)
        return found & self.revisions.keys()


def dump(found: Migrations) -> list[dict[str, Any]]:
    """As JSON; `load` makes migrations of it again."""
    return [asdict(each) for each in found.revisions.values()]


def load(data: Iterable[dict[str, Any]]) -> Migrations:
    """What `dump` made."""
    return Migrations({each["name"]: _revision(**each) for each in data})


def _revision(name: str, down: Iterable[str], back: dict[str, Any] | None) -> Revision:
    known = back and Downgrade(back["there"], tuple(back["drops"]), back["sql"])
    return Revision(name, tuple(down), known or None)


def from_source(files: Iterable[str]) -> Migrations:
    """Read the texts of Alembic's version files, without running them."""
    found = {}
    for text in files:
        module = _parsed(text)
        names = _assigned(module)
        revision, down = names.get("revision"), names.get("down_revision")
        if isinstance(revision, str):
            parents = (down,) if isinstance(down, str) else tuple(down if isinstance(down, tuple | list) else ())
            found[revision] = Revision(revision, tuple(sorted(map(str, parents))), downgrades.read(module))
    return Migrations(dict(sorted(found.items())))


def from_image(runtime: Runtime, image_id: str) -> Migrations:
    """Ask the release for its version files, and where they are elsewhere, for `alembic history`, which does not tell
    the ways back. It runs in the folder of its ini file, and only stdout counts (sms-contract, surprise 9)."""
    said = _asked(runtime, image_id, ["python", "-c", _FILES])
    if said is not None:
        try:
            found = from_source(json.loads(said.stdout))
        except ValueError:
            found = Migrations()
        if found.revisions:
            return found
    said = _asked(runtime, image_id, ["python", "-m", "alembic", "history"])
    matches = [match for line in said.stdout.splitlines() if (match := _LINE.search(line))] if said else []
    listed = {match[2]: Revision(match[2], _parents(match[1])) for match in matches}
    return Migrations(dict(sorted(listed.items())))


def _asked(runtime: Runtime, image_id: str, argv: list[str]) -> Completed | None:
    try:
        done = runtime.run_once(image_id, argv, TIMEOUT, "backend")
    except OpsError:
        return None
    return done if done.ok else None


def _parents(text: str) -> tuple[str, ...]:
    return tuple(sorted(name for name in re.findall(r"[0-9A-Za-z_]+", text.partition("(")[0]) if name != "base"))


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _assigned(module: ast.Module) -> dict[str, object]:
    """The constants a version file assigns at its top."""
    found: dict[str, object] = {}
    for node in module.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if len(targets) == 1 and isinstance(targets[0], ast.Name) and getattr(node, "value", None) is not None:
            try:
                found[targets[0].id] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
            except ValueError:
                continue
    return found
