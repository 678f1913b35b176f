"""Filters that stay quick and readable however much there is to choose from.

Django offers every row that others refer to as a link: a thousand environments are a thousand links on every list.
From `FEW` on ours asks for the beginning of a name instead. And Django reads every row to find the few values of a
column; ours steps from one to the next. They take the place of Django's on every list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import AllValuesFieldListFilter, FieldListFilter, RelatedFieldListFilter
from django.contrib.admin.utils import get_model_from_relation, reverse_field_path
from django.db import connection
from django.db.models import CharField, Model, QuerySet
from django.http import HttpRequest

FEW = 20  # rows that are offered one by one
LONGEST = 60  # characters of a name that count


class RelatedFilter(RelatedFieldListFilter):
    """A link for each where there are few of them; else a field for the beginning of the name."""

    def __init__(
        self, field: Any, request: HttpRequest, params: Any, model: Any, model_admin: Any, field_path: str
    ) -> None:
        self.rows = get_model_from_relation(field)._default_manager
        self.named = name_of(self.rows.model)
        self.begins, self.many = f"{field_path}__begins", False
        super().__init__(field, request, params, model, model_admin, field_path)
        given: Any = self.used_parameters.pop(self.begins, None) or [""]
        self.typed = str(given[-1]).replace("\0", "")[:LONGEST]
        taken = (*self.expected_parameters(), "p")
        self.rest = [(key, value) for key in request.GET if key not in taken for value in request.GET.getlist(key)]

    def expected_parameters(self) -> list[str | None]:
        return [*super().expected_parameters(), self.begins]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found: QuerySet[Any] = super().queryset(request, queryset)  # type: ignore[assignment]
        if not self.typed or not self.named:
            return found
        return found.filter(**{f"{self.field_path}__{self.named}__istartswith": self.typed})

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        """Those there are, as far as they are offered one by one."""
        ordering = self.field_admin_ordering(field, request, model_admin)
        rows = self.rows.order_by(*ordering) if ordering else self.rows.all()
        found = list(rows[: FEW + 1])
        self.many = bool(self.named) and len(found) > FEW
        if not self.many:
            return [(row.pk, str(row)) for row in (found if len(found) <= FEW else rows)]
        chosen = [number for number in self.lookup_val or [] if str(number).isdecimal() and len(str(number)) < 19]
        return [(row.pk, str(row)) for row in rows.filter(pk__in=chosen)[:FEW]] if chosen else []

    def has_output(self) -> bool:
        return self.many or super().has_output()

    def choices(self, changelist: Any) -> Iterator[Any]:
        for number, choice in enumerate(super().choices(changelist)):
            if number == 0:
                choice["selected"] = choice["selected"] and not self.typed
                choice["query_string"] = changelist.get_query_string(remove=self.expected_parameters())
            yield choice


class ValuesFilter(AllValuesFieldListFilter):
    """The values there are in a column of words, found without reading every row where the column has an index."""

    def __init__(
        self, field: Any, request: HttpRequest, params: Any, model: Any, model_admin: Any, field_path: str
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        parent, _ = reverse_field_path(model, field_path)
        self.lookup_choices: Any = values_of(parent, field.column)


def values_of(model: type[Model], column: str) -> list[str]:
    """The different values of a column, in order, in one query: each is the smallest beyond the one before."""
    quote = connection.ops.quote_name
    name, table = quote(column), quote(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(  # the names are those of our own tables
            f"WITH RECURSIVE found(value) AS (SELECT min({name}) FROM {table} UNION ALL "  # noqa: S608
            f"SELECT (SELECT min({name}) FROM {table} WHERE {name} > found.value) FROM found "
            "WHERE found.value IS NOT NULL) SELECT value FROM found WHERE value IS NOT NULL"
        )
        return [row[0] for row in cursor.fetchall()]


def name_of(model: type[Model]) -> str:
    """The field that names a row of it; empty where it has none."""
    fields = {field.name for field in model._meta.get_fields()}
    return next((name for name in ("name", "username", "version") if name in fields), "")


FieldListFilter.register(lambda field: bool(field.remote_field), RelatedFilter, take_priority=True)
FieldListFilter.register(
    lambda field: isinstance(field, CharField) and not field.flatchoices, ValuesFilter, take_priority=True
)
