"""Fills a database with a large installation, and tells how large its tables are."""

from __future__ import annotations

from django.apps import apps
from django.db import connection

from bench.scale import places, trouble, work
from bench.scale.world import World


def fill(world: World) -> World:
    """The environments that are not there yet, with all they have; afterwards the
    database knows its own statistics, as it would after a day."""
    for room in (places, work, trouble):
        room.fill(world)
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)" if connection.vendor == "postgresql" else "ANALYZE")
    return world


def tables() -> list[tuple[str, int, int]]:
    """Name, rows and bytes with indexes of every table that has rows, the longest first."""
    found = []
    names = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    for name, model in names.items():
        if rows := model._base_manager.count():
            found.append((name, rows, _size(name)))
    return sorted(found, key=lambda each: -each[1])


def _size(table: str) -> int:
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(%s)", [f'"{table}"'])
        return int(cursor.fetchone()[0])
