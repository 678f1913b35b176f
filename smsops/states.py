"""State changes as compare-and-set: a transition table and `advance()`, which only one caller can win."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models

Table = Mapping[str, frozenset[str]]


class IllegalTransition(Exception):
    """The table has no such edge: a mistake of the program, not of the world."""


def table(**edges: str) -> Table:
    """Build a transition table from `state="next other"` words; states that only appear as targets are final."""
    rows = {state: frozenset(targets.split()) for state, targets in edges.items()}
    final = {target for targets in rows.values() for target in targets} - rows.keys()
    return rows | dict.fromkeys(final, frozenset[str]())


def final_states(rows: Table) -> frozenset[str]:
    """States nothing leads out of."""
    return frozenset(state for state, targets in rows.items() if not targets)


def advance(row: models.Model, rows: Table, to: str, *, field: str = "state", **values: Any) -> bool:
    """Move `row` to state `to` and set `values`, if it still is in the state this object was read in.

    One UPDATE with the old state in its WHERE: of several callers exactly one gets True, the others get False and
    must read the row again. An edge that is not in the table raises IllegalTransition.
    """
    now = getattr(row, field)
    if to not in rows.get(now, frozenset()):
        raise IllegalTransition(f"{type(row).__name__}: {now} -> {to}")
    manager = type(row)._default_manager
    changed = manager.filter(pk=row.pk, **{field: now}).update(**{field: to}, **values)
    if changed:
        for name, value in {field: to, **values}.items():
            setattr(row, name, value)
    return bool(changed)
