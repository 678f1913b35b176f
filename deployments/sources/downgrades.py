"""What the way back of one migration does, read from its source without running it (D6)."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

UNKNOWN = "?"  # a name the source computes
Names = Mapping[str, tuple[str, ...]]  # of variables: the texts each may stand for


@dataclass(frozen=True)
class Downgrade:
    """`there` tells whether there is a way back at all. `drops` are tables and `table.column`s that go, with what is in
    them; `sql` tells that it runs statements of its own, which nobody can judge from here."""

    there: bool = False
    drops: tuple[str, ...] = ()
    sql: bool = False


def read(module: ast.Module) -> Downgrade:
    """The downgrade of a version file."""
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    down, up = functions.get("downgrade"), functions.get("upgrade")
    if down is None or _gives_up(down) or (_idle(down) and up is not None and not _idle(up)):
        return Downgrade()
    names = _constants(module)
    drops = sorted(set(_drops(down.body, names, {})))
    return Downgrade(True, tuple(drops), any(_called(node) == "execute" for node in ast.walk(down)))


def _idle(function: ast.FunctionDef) -> bool:
    """Whether it does nothing: a docstring, `pass`, an ellipsis."""
    return all(
        isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in function.body
    )


def _gives_up(function: ast.FunctionDef) -> bool:
    """Whether it only says that there is no way back."""
    return any(isinstance(node, ast.Raise) for node in function.body)


def _constants(module: ast.Module) -> dict[str, tuple[str, ...]]:
    """What the names at the top stand for: one text, or the texts of a list."""
    found: dict[str, tuple[str, ...]] = {}
    for node in module.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            texts = _texts(node.value, {})
            if texts:
                found[node.targets[0].id] = texts
    return found


def _texts(node: ast.expr | None, names: Names) -> tuple[str, ...]:
    """The texts an expression may stand for; none where it is computed."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return (node.value,)
    if isinstance(node, ast.Name):
        return names.get(node.id, ())
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return tuple(itertools.chain.from_iterable(_texts(each, names) for each in node.elts))
    return ()


def _drops(body: list[ast.stmt], names: Names, batches: Names) -> Iterator[str]:
    """Everything that goes in these statements. `batches` are the tables of `batch_alter_table`, by variable."""
    for node in body:
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name):
            yield from _drops(node.body, {**names, node.target.id: _texts(node.iter, names)}, batches)
        elif isinstance(node, ast.With):
            yield from _drops(node.body, names, {**batches, **_batches(node, names)})
        else:
            for call in ast.walk(node):
                if isinstance(call, ast.Call):
                    yield from _dropped(call, names, batches)


def _batches(node: ast.With, names: Names) -> dict[str, tuple[str, ...]]:
    return {
        item.optional_vars.id: _argument(item.context_expr, 0, "table_name", names)
        for item in node.items
        if isinstance(item.optional_vars, ast.Name)
        and isinstance(item.context_expr, ast.Call)
        and _called(item.context_expr) == "batch_alter_table"
    }


def _dropped(call: ast.Call, names: Names, batches: Names) -> Iterator[str]:
    word = _called(call)
    if word == "drop_table":
        yield from _argument(call, 0, "table_name", names)
    elif word == "drop_column":
        holder = call.func.value if isinstance(call.func, ast.Attribute) else None
        batch = batches.get(holder.id) if isinstance(holder, ast.Name) else None
        tables = batch if batch is not None else _argument(call, 0, "table_name", names)
        columns = _argument(call, 0 if batch is not None else 1, "column_name", names)
        yield from (f"{table}.{column}" for table in tables for column in columns)


def _called(node: ast.AST) -> str:
    """The last word of what is called: `op.drop_table(…)` is “drop_table”."""
    return node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""


def _argument(call: ast.expr, place: int, name: str, names: Names) -> tuple[str, ...]:
    assert isinstance(call, ast.Call)
    given = call.args[place] if len(call.args) > place else None
    for keyword in call.keywords:
        given = keyword.value if keyword.arg == name else given
    return _texts(given, names) or (UNKNOWN,)
