"""Takes escalations whose step is due, and moves them on, many in one transaction (I5).

Each is locked after its incident. Of several who try at once one has it: locks say so where the database has them, and
what is written is written only if the escalation's turn is still the one that was read.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection
from django.utils import timezone

from incidents.models import Escalation, Incident
from smsops.errors import OpsError

READ = ("environment__schedule", "change", "facts")  # what a step asks of an incident
WRITTEN = ("paged", "due_at", "policy", "excuse")


class Overtaken(OpsError):
    """Somebody else has moved one of them on meanwhile."""


def take(numbers: Collection[int], *, wait: bool = False) -> list[Escalation]:
    """Those that are due, the longest due first, with their incidents. What somebody else holds just now is waited for,
    or left to whoever holds it and to the next round."""
    about = Escalation.objects.filter(pk__in=numbers).values_list("incident_id", flat=True)
    held = Incident.objects.select_for_update(no_key=True, skip_locked=not wait).filter(pk__in=list(about))
    incidents = {each.pk: each for each in held.order_by("pk").prefetch_related(*READ)}
    due = Escalation.objects.filter(pk__in=numbers, incident__in=list(incidents), due_at__lte=timezone.now())
    locked = due.select_for_update(skip_locked=not wait).filter(ended_at=None)
    found = list(locked.order_by("due_at", "pk"))
    for each in found:
        each.incident = incidents[each.incident_id]
    return found


def move_on(escalations: Collection[Escalation]) -> None:
    """Write down what their steps have made of them; Overtaken, which undoes the transaction, if one is not as it was
    read."""
    if not escalations:
        return
    table, quote = Escalation._meta, connection.ops.quote_name
    fields = [field for field in table.concrete_fields if field.name in WRITTEN]
    values = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)
    words = f"UPDATE {quote(table.db_table)} SET {values}, turn = turn + 1 WHERE id = %s AND turn = %s"  # noqa: S608
    rows = [
        [*(field.get_db_prep_save(getattr(each, field.attname), connection) for field in fields), each.pk, each.turn]
        for each in escalations
    ]
    with connection.cursor() as cursor:
        cursor.executemany(words, rows)
        if cursor.rowcount != len(rows):
            raise Overtaken("An escalation was moved on by somebody else.")
