"""The dry run of a recovery: which rows a backup would put back into the live database, and what stands against it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path

from backups.engines.conflicts import absent, found_in, overwritten
from backups.engines.identifiers import quoted
from backups.engines.picks import CHANGED, LEFT, OFFERED, PUT, Chosen, Picks
from backups.engines.plans import Conflict, PlannedRow, RecoveryPlan, TablePlan
from backups.engines.rows import Value, both
from backups.engines.tables import DELETED
from smsops.errors import WrongUse

ROWS_LIMIT = 250_000
HIDING = frozenset({DELETED, "is_active"})  # what SMS sets when it deletes a student (sms-contract §7)


def plan(
    then: Path, now: Path, chosen: Chosen, *, children: Collection[str] = (), leave: Chosen | None = None
) -> RecoveryPlan:
    """What putting back `chosen` rows of the quiet backup `then` into `now` would do; changes nothing.

    `chosen`: per table any of keys and kinds (removed, hidden, changed). Rows they refer to and that are missing now
    come along. Rows of the tables `children` that hang on them and are missing or hidden now come along as well; all
    others are offered. `leave` names rows that must not be touched. Raises WrongUse for more than ROWS_LIMIT rows:
    that is a full restore.
    """
    with both(then, now) as connection:
        connection.execute("BEGIN")
        picks = Picks(connection)
        picks.choose(leave or {}, LEFT)
        picks.choose(chosen)
        picks.add_children(children, "child")
        picks.set_same_aside()
        picks.add_parents()
        picks.add_children(list(picks.pairs), OFFERED)
        picked = [name for name in written_order(picks) if picks.count(name)]
        _check_amount(sum(picks.count(name) for name in picked))
        edits: list[Conflict] = []
        tables = tuple(_table(picks, name, edits) for name in picked)
        conflicts = [conflict for name in picked for conflict in found_in(picks, name)]
        offered = {each.now.name: picks.count(name, f"('{OFFERED}')") for name, each in picks.pairs.items()}
        offered = {name: count for name, count in offered.items() if count}
        return RecoveryPlan(tables, offered, (*map(absent, picks.absent), *conflicts, *edits))


def written_order(picks: Picks) -> list[str]:
    """The tables, those that others refer to before these; in a circle any order is as good."""
    order: dict[str, None] = {}
    parents: dict[str, list[str]] = {name: [] for name in picks.pairs}
    for edge in picks.references:
        parents.get(edge.child, []).append(edge.parent)

    def visit(name: str, path: frozenset[str]) -> None:
        for parent in parents[name]:
            if parent in parents and parent not in path and parent not in order:
                visit(parent, path | {parent})
        order.setdefault(name)

    for name in parents:
        visit(name, frozenset({name}))
    return list(order)


def digest(values: tuple[Value, ...]) -> str:
    """Tells a row from any other content of it."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:32]


def _check_amount(count: int) -> None:
    if count > ROWS_LIMIT:
        raise WrongUse(
            f"{count} rows would be put back; row by row at most {ROWS_LIMIT} are.",
            fix="Choose fewer, or restore the whole backup.",
        )


def _table(picks: Picks, name: str, edits: list[Conflict]) -> TablePlan:
    each = picks.pairs[name]
    found = picks.connection.execute(picks.inserts(name, "p.why = 'needed'"))
    rows = [PlannedRow(tuple(key), "", bool(needed)) for *key, needed in found]
    rows += _updates(picks, name, edits)
    return TablePlan(each.now.name, each.key, each.shared, each.gone, each.new, tuple(rows))


def _updates(picks: Picks, name: str, edits: list[Conflict]) -> Iterator[PlannedRow]:
    """The rows that have something in their place now; what others wrote there goes to `edits`."""
    each, width = picks.pairs[name], len(picks.pairs[name].key)
    flags = [each.differ(column) for column in each.shared]
    values = [f"n.{quoted(column)}" for column in each.now.columns]
    more = ", ".join(["p.why = 'needed'", f"p.why = '{CHANGED}'", *flags, *values])
    query = f"{picks.selected(name, more)} JOIN {each.now.sql} n ON {each.match('n', 't')} WHERE p.why IN {PUT}"
    for found in picks.connection.execute(query):
        key, (needed, wanted) = tuple(found[:width]), found[width : width + 2]
        unlike = found[width + 2 : width + 2 + len(flags)]
        edited = [column for column, differs in zip(each.shared, unlike, strict=True) if differs]
        if not wanted and set(edited) - HIDING:
            edits.append(overwritten(each, key, [column for column in edited if column not in HIDING]))
        yield PlannedRow(key, digest(found[width + 2 + len(flags) :]), bool(needed))
