"""What our admin pages have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.db import models
from django.http import HttpRequest, HttpResponse

from smsops.admin import filters  # noqa: F401  (takes the place of Django's)
from smsops.admin.bulk import BulkMixin
from smsops.admin.paging import CappedPaginator, LongList
from smsops.admin.typed import Typed
from smsops.fields import EncryptedTextField
from smsops.templatetags.smsops_ui import until

_INLINES: dict[type[models.Model], list[type[InlineModelAdmin[Any, Any]]]] = defaultdict(list)


def add_inline(model: type[models.Model], inline: type[InlineModelAdmin[Any, Any]]) -> None:
    """Put a part of another room onto a model's page."""
    if inline not in _INLINES[model]:
        _INLINES[model].append(inline)


@cache
def _moment(field: Any) -> Callable[[Any], str]:
    """A column that shows this field of a row."""

    @admin.display(description=field.verbose_name, ordering=field.name)
    def shown(row: Any) -> str:
        return until(getattr(row, field.name))

    shown.__name__ = field.name
    return shown


class OperationsAdmin(Typed, BulkMixin):
    """A page with object actions; lists show facets and do not count what nobody asked for."""

    show_facets = admin.ShowFacets.ALLOW
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    presets: Sequence[tuple[str, str]] = ()  # what is asked of the list most: a label, and what follows the “?”
    long_sorts: Sequence[str] | None = None  # the columns a very long list can be sorted by; None: all
    view_on_site = False  # the admin is the site

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Columns of moments tell both: how long until or since, and when exactly."""
        return [self._column(name) for name in super().get_list_display(request)]

    def _column(self, name: Any) -> Any:
        fields = {field.name: field for field in self.model._meta.fields}
        return _moment(fields[name]) if isinstance(fields.get(name), models.DateTimeField) else name

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[LongList]:
        return LongList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Not even the sealed text of a secret can be found out by filtering."""
        sealed = {field.name for field in self.model._meta.fields if isinstance(field, EncryptedTextField)}
        return lookup.partition("__")[0] not in sealed and super().lookup_allowed(lookup, value, request)

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[type[InlineModelAdmin[Any, Any]]]:
        """What other rooms add, once there is something to add it to."""
        return [*super().get_inlines(request, obj), *(_INLINES[self.model] if obj is not None else [])]


class RecordAdmin(OperationsAdmin):
    """A record of what happened: nobody adds, changes or deletes it by hand."""

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        context["records_only"] = True  # no edit history: nobody edits
        return super().render_change_form(request, context, *args, **kwargs)

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
