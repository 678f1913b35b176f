"""The source of the product as the tests of its structure read it: modules, what they import, what is in them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("smsops", "backups", "deployments", "incidents")  # each may know those before it

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One source file of the product."""

    path: Path
    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @property
    def room(self) -> str:
        return self.name.split(".")[0]

    @property
    def part(self) -> str:
        """The module or package just below the room: `services`, `admin`, `models`."""
        return self.name.partition(".")[2].partition(".")[0]

    @cached_property
    def imports(self) -> set[str]:
        """Everything it imports, wherever the import stands, as dotted names."""
        package = self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]
        return set(imported(self.tree, package))

    @cached_property
    def functions(self) -> list[Function]:
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    @cached_property
    def classes(self) -> list[ast.ClassDef]:
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)]


def imported(tree: ast.Module, package: str) -> Iterator[str]:
    """The dotted names a module imports; `from a import b` may mean the module a.b, so both are given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")
            base = ".".join(above[: len(above) - node.level + 1]) if node.level else ""
            source = ".".join(part for part in (base, node.module) if part)
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)


def find(room: str) -> list[Module]:
    paths = [path for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts]
    return [Module(path, _dotted(path), path.read_text(encoding="utf-8")) for path in paths]


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = [module for room in ROOMS for module in find(room)]
