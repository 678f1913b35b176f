"""What stands against putting picked rows back, found before anything is written."""

from __future__ import annotations

from collections.abc import Iterator

from backups.engines.identifiers import quoted
from backups.engines.picks import PUT, Picks
from backups.engines.plans import Conflict
from backups.engines.rows import Key
from backups.engines.tables import ForeignKey, Pair, triggers, uniques
from smsops.text import count_text

REVISIONS = "alembic_version"


def found_in(picks: Picks, name: str) -> Iterator[Conflict]:
    """Everything that stands against the picked rows of one table, but for what was written over them since."""
    each = picks.pairs[name]
    yield from _of_table(picks, each)
    yield from _empty(picks, name)
    for columns in uniques(picks.connection, each.now):
        yield from _taken(picks, name, columns)
    for edge in picks.references:
        if edge.child == name:
            yield from _parentless(picks, edge)


def absent(chosen: tuple[str, Key]) -> Conflict:
    """A row was chosen that the backup does not have."""
    table, key = chosen
    return Conflict(table, key, "absent", f"{_row(table, key)} is not in the backup.")


def overwritten(each: Pair, key: Key, columns: list[str]) -> Conflict:
    """A row that comes back loses what was written into these columns since."""
    text = f"{_row(each.now.name, key)} was changed since: {', '.join(columns)} would be as before again."
    return Conflict(each.now.name, key, "edited", text, blocks=False)


def _of_table(picks: Picks, each: Pair) -> Iterator[Conflict]:
    table = each.now.name
    if table.lower() == REVISIONS:
        text = f"{table} says which schema the database has; only a full restore may change it."
        yield Conflict(table, (), "unchoosable", text)
    inserting = picks.connection.execute(picks.inserts(table.lower(), "1") + " LIMIT 1").fetchone()
    for column in each.new:
        if column in each.now.required and inserting:
            text = f"{table} demands a value for {column} now, and the backup has none."
            yield Conflict(table, (), "required", text)
    for column in each.gone:
        text = f"{table} has no column {column} any more: its old values stay in the backup."
        yield Conflict(table, (), "gone", text, blocks=False)
    for trigger in triggers(picks.connection, each.now):
        text = f"The trigger {trigger} of {table} runs for every row put back, and may write elsewhere."
        yield Conflict(table, (), "trigger", text, blocks=False)


def _empty(picks: Picks, name: str) -> Iterator[Conflict]:
    """Rows without a value where one must be now."""
    table = picks.pairs[name].now
    demanded = [column for column in picks.pairs[name].shared if column in table.filled]
    for column in demanded:
        # a rowid's alias holds a number whatever is declared, so that this finds nothing there
        query = f"{picks.selected(name)} WHERE p.why IN {PUT} AND t.{quoted(column)} IS NULL"
        for key in picks.connection.execute(query):
            text = f"{_row(table.name, key)} has no {column}, which must have a value now."
            yield Conflict(table.name, key, "required", text)


def _taken(picks: Picks, name: str, columns: tuple[tuple[str, str], ...]) -> Iterator[Conflict]:
    """Rows whose unique values another row has now, also when that one would be put back too."""
    each, width = picks.pairs[name], len(picks.pairs[name].key)
    if not {column for column, _ in columns} <= set(each.shared):
        return
    alike = " AND ".join(f"n.{quoted(each)} = t.{quoted(each)} COLLATE {quoted(rule)}" for each, rule in columns)
    query = f"""{picks.selected(name, ", ".join(each.keys("n")))} CROSS JOIN {each.now.sql} n ON {alike}
        WHERE p.why IN {PUT} AND NOT ({each.match("n", "t")})"""
    names = ", ".join(column for column, _ in columns)
    for found in picks.connection.execute(query):
        key, holder = tuple(found[:width]), tuple(found[width:])
        text = f"{_row(each.now.name, key)} cannot come back: its {names} belongs to row {_said(holder)} now."
        yield Conflict(each.now.name, key, "taken", text)


def _parentless(picks: Picks, edge: ForeignKey) -> Iterator[Conflict]:
    table, parent = picks.live[edge.child].name, picks.live.get(edge.parent)
    above = parent.name if parent else edge.parent
    for key in picks.orphans(edge):
        text = f"refers by {', '.join(edge.columns)} to a row of {above} that is neither here nor put back"
        yield Conflict(table, key, "parent", f"{_row(table, key)} {text}.")


def _row(table: str, key: Key) -> str:
    return f"Row {_said(key)} of {table}"


def _said(key: Key) -> str:
    return ", ".join(count_text(len(each), "byte") if isinstance(each, bytes) else str(each) for each in key)
