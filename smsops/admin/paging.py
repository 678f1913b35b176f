"""Lists of a million rows are as quick as lists of ten.

Nobody turns to page 20,000, and counting to a million takes longer than showing the page. So a list counts to `MOST`
and then says “more than”; what lies further back is reached by a date, a filter or a search. Numbers beside each
filter, for which every row would have to be read, are not offered on so long a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.templatetags.admin_list import date_hierarchy
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from smsops.text import number_in

MOST = 10_000  # rows that are counted and paged through
NEAR = 3  # pages; further back only the numbers of the rows before are read, not the rows with all they refer to


class MoreThan(int):
    """That many, and some more."""

    def __str__(self) -> str:
        return f"more than {int(self):,}"


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts to `MOST` and no further."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        found = rows.order_by()[: MOST + 1].count()
        return found if found <= MOST else MoreThan(MOST)


class LongList(ChangeList):
    """Django's list, which leaves out what only a short one can afford."""

    queryset: QuerySet[Any]

    def get_results(self, request: HttpRequest) -> None:
        try:
            self._get_results(request)
        except OverflowError:  # a number in the address that no database holds
            raise IncorrectLookupParameters from None

    def _get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = self.queryset
        if isinstance(self.result_count, MoreThan):
            self.add_facets = self.is_facets_optional = False
            rows = self._in_a_quick_order()
        if self.multi_page and not self.show_all and self.page_num > NEAR:
            self.result_list = rows.filter(pk__in=list(self._page_of(rows.values_list("pk", flat=True))))
        elif rows is not self.queryset:
            self.result_list = self._page_of(rows)

    def _in_a_quick_order(self) -> QuerySet[Any]:
        """A very long list is sorted only by what has an index; another order that was asked for is the usual one."""
        quick: Sequence[str] | None = getattr(self.model_admin, "long_sorts", None)
        if quick is None:
            return self.queryset
        self.sortable_by = quick
        asked = [self.list_display[number] for number in self.get_ordering_field_columns() if number < self._width]
        if ORDER_VAR not in self.params or set(asked) <= set(quick):
            return self.queryset
        del self.params[ORDER_VAR]
        django: Any = super()  # its types do not tell of these two
        return self.queryset.order_by(*django._get_deterministic_ordering(django._get_default_ordering()))

    def _page_of(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        first = (self.page_num - 1) * self.list_per_page
        return rows[first : first + self.list_per_page]

    @property
    def _width(self) -> int:
        return len(self.list_display)


class _Dates:
    """What Django asks of a list to draw its dates, without reading the list: the first and the last row of all, and
    every year, month or day between them, whether something happened on it or not."""

    def __init__(self, changes: Any) -> None:
        self.changes, self.field = changes, changes.date_hierarchy
        self.zone = timezone.get_current_timezone()

    @cached_property
    def ends(self) -> list[date]:
        """The days of the first and of the last row; none where there is no row."""
        rows = self.changes.root_queryset.order_by().filter(**{f"{self.field}__isnull": False})
        found = [rows.order_by(f"{sign}{self.field}").values_list(self.field, flat=True).first() for sign in ("", "-")]
        return [timezone.localtime(at).date() if isinstance(at, datetime) else at for at in found if at is not None]

    def aggregate(self, **_: Any) -> dict[str, datetime | None]:
        first, last = self.ends or (None, None)
        return {"first": self._at(first), "last": self._at(last)}

    def datetimes(self, _: str, kind: str) -> list[datetime]:
        """The beginnings of each year, month or day there is to choose."""
        if not self.ends:
            return []
        first, last = self._asked(*self.ends)
        days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        parts: dict[str, dict[str, int]] = {"year": {"month": 1, "day": 1}, "month": {"day": 1}}
        begins = {day.replace(**parts.get(kind, {})) for day in days}
        return [at for day in sorted(begins) if (at := self._at(day)) is not None]

    dates = datetimes

    def _asked(self, first: date, last: date) -> tuple[date, date]:
        """What is left of the days within the year and the month that were chosen."""
        year, month = (self._number(part) for part in ("year", "month"))
        if year is None:
            return first, last
        begin = date(year, month or 1, 1)
        end = date(year + (month or 12) // 12, (month or 12) % 12 + 1, 1) - timedelta(days=1)
        return max(first, begin), min(last, end)

    def _number(self, part: str) -> int | None:
        asked = self.changes.params.get(f"{self.field}__{part}") or ""
        text = str(asked[-1] if isinstance(asked, list) else asked)
        number = number_in(text)
        return number if number and number <= (9998 if part == "year" else 12) else None

    def _at(self, day: date | None) -> datetime | None:
        return datetime.combine(day, time(), self.zone) if day is not None else None


class _Drawn:
    """A list whose dates are those above."""

    def __init__(self, changes: Any) -> None:
        self._changes, self.queryset = changes, _Dates(changes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._changes, name)


def dates_of(changes: Any) -> dict[str, Any]:
    """What the date links of a list show."""
    drawn: Any = _Drawn(changes)
    return date_hierarchy(drawn) or {}
