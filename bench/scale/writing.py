"""Puts rows into tables fast: COPY where the database is PostgreSQL, else many at once. Columns nobody names get their
model's defaults, and the next number."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import AutoField, JSONField, Max, Model

BATCH = 5_000  # rows of one statement, where there is no COPY
_NEXT: dict[type[Model], Iterator[int]] = {}


def begin() -> None:
    """Find out for every model which numbers are free. It is done first: while rows are copied nothing can be asked."""
    for model in apps.get_models():
        if isinstance(model._meta.pk, AutoField):
            last = model._base_manager.aggregate(last=Max("pk"))["last"] or 0
            _NEXT[model] = itertools.count(last + 1)


def numbers(model: type[Model]) -> Iterator[int]:
    """Numbers for new rows of that model, one after the other, beyond those that are there."""
    return _NEXT[model]


def put_many(model: type[Model], rows: Iterable[Mapping[str, Any]]) -> int:
    """The same for very many: their indexes are made once they are all there."""
    if connection.vendor != "postgresql":
        return put(model, rows)
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [f'"{model._meta.db_table}"'])
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(f'DROP INDEX "{name}"')
        count = put(model, rows)
        for _, definition in found:
            cursor.execute(definition)
    return count


INDEXES = """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = %s::regclass AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)"""


def put(model: type[Model], rows: Iterable[Mapping[str, Any]]) -> int:
    """Write the rows, each as values by column; values for JSON are text already. Returns how many there were."""
    every, counted = _defaults(model), numbers(model)
    columns = list(every)
    whole = ({**every, **row} if "id" in row else {**every, **row, "id": next(counted)} for row in rows)
    lines = (tuple(row[column] for column in columns) for row in whole)
    return _copy(model, columns, lines) if connection.vendor == "postgresql" else _insert(model, columns, lines)


def _defaults(model: type[Model]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.primary_key:
            found[str(field.column)] = None
            continue
        value = field.get_default()
        if isinstance(field, JSONField):
            value = None if value is None else json.dumps(value)
        elif not isinstance(value, datetime):
            value = field.get_db_prep_save(value, connection)
        found[str(field.column)] = value
    return found


def _copy(model: type[Model], columns: list[str], lines: Iterable[tuple[Any, ...]]) -> int:
    names, count = ", ".join(f'"{column}"' for column in columns), 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # what refers to what is right by making
        with cursor.cursor.copy(f'COPY "{model._meta.db_table}" ({names}) FROM STDIN') as copy:
            for line in lines:
                copy.write_row(line)
                count += 1
        cursor.execute(
            f"""SELECT setval(pg_get_serial_sequence('"{model._meta.db_table}"', 'id'), max(id))
            FROM "{model._meta.db_table}" """
        )
    return count


def _insert(model: type[Model], columns: list[str], lines: Iterable[tuple[Any, ...]]) -> int:
    names, marks, count = ", ".join(f'"{each}"' for each in columns), ", ".join("%s" for _ in columns), 0
    statement = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({marks})'
    with transaction.atomic(), connection.cursor() as cursor:
        while batch := [tuple(map(_plain, line)) for line in itertools.islice(lines, BATCH)]:
            cursor.executemany(statement, batch)
            count += len(batch)
    return count


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ") if isinstance(value, datetime) else value
