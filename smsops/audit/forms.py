"""What forms of the admin change: every row that is saved, added or removed while one is answered, before and after.

Only add, change, delete, list and password pages are watched, whoever registered them (Django's own users and groups
and django-celery-beat's schedules, too). Buttons are not: what they do is told by their own entries.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Field, Model, signals
from django.http import HttpRequest
from django_celery_beat.models import PeriodicTasks

from smsops.audit import discretion, values
from smsops.audit.recording import Deed, at_the_end, deed, key_of, write
from smsops.models.audit import AuditEntry, Sort

WATCHED = frozenset({"add_view", "change_view", "delete_view", "changelist_view", "user_change_password"})
UNTOLD: tuple[type[Model], ...] = (AuditEntry, LogEntry, PeriodicTasks, Session)  # records, and machinery
MOST_NAMES = 50  # of a relation to many
View = Callable[..., Any]


def watched(view: View) -> View:
    """The same page; what a form sent to it changes goes into the trail in the same transaction."""
    if not isinstance(getattr(view, "__self__", None), ModelAdmin) or view.__name__ not in WATCHED:
        return view

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return view(request, *args, **kwargs)
        with transaction.atomic(), at_the_end(), Watch().watching() as found:
            answer = view(request, *args, **kwargs)
            found.stop()
            write(found.deeds())
        return answer

    return inner


class Watch:
    """Collects what is saved in this thread while it watches."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}
        self._stored: dict[int, Model | None] = {}
        self._receivers: list[tuple[signals.ModelSignal, Any]] = []

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        """Signals are connected for the moment only: Django deletes faster where nobody listens."""
        self._receivers = [
            (signals.pre_save, self._mine(self._before)), (signals.post_save, self._mine(self._saved)),
            (signals.pre_delete, self._mine(self._removed)), (signals.m2m_changed, self._mine(self._related)),
        ]  # fmt: skip
        for signal, receiver in self._receivers:
            signal.connect(receiver, weak=False)
        try:
            yield self
        finally:
            self.stop()

    def stop(self) -> None:
        for signal, receiver in self._receivers:
            signal.disconnect(receiver)
        self._receivers = []

    def deeds(self) -> list[Deed]:
        """One for each row that became another."""
        return [
            deed(f"{row['target']._meta.model_name}.{row['what']}", sort=Sort.FORM, about=about, words=row["words"],
                 scope=row["scope"], changes=row["changes"])
            for about, row in self.rows.items()
            if row["changes"] or row["what"] != "change"
        ]  # fmt: skip

    def _mine(self, receiver: Callable[..., None]) -> Callable[..., None]:
        thread = threading.get_ident()

        def here(sender: type[Model], instance: Any, **more: Any) -> None:
            told = instance if isinstance(instance, Model) else None
            if threading.get_ident() == thread and told is not None and not issubclass(type(told), UNTOLD):
                receiver(sender=sender, instance=told, **more)

        return here

    def _row(self, target: Model, what: str) -> dict[str, Any]:
        return self.rows.setdefault(key_of(target), _new(target, what))

    def _before(self, instance: Model, **_: Any) -> None:
        stored = None if instance._state.adding else type(instance)._base_manager.filter(pk=instance.pk).first()
        self._stored[id(instance)] = stored

    def _saved(self, instance: Model, created: bool, **_: Any) -> None:
        stored = self._stored.pop(id(instance), None)
        row = self._row(instance, "add" if created else "change")
        row["words"] = str(instance)
        for field in fields_of(instance):
            if stored is None or field.value_from_object(stored) != field.value_from_object(instance):
                _change(row["changes"], field, stored, instance)

    def _removed(self, instance: Model, **_: Any) -> None:
        row = self._row(instance, "delete")
        row["what"] = "delete"
        for field in fields_of(instance):
            if (was := values.of_field(field, instance)) is not None:
                row["changes"][field.name] = (was, None)

    def _related(self, sender: type[Model], instance: Model, action: str, model: type[Model], **more: Any) -> None:
        if action not in ("pre_clear", "post_add", "post_remove"):
            return
        name = _name_of(sender, instance)
        chosen = model._base_manager.filter(pk__in=more["pk_set"]) if more["pk_set"] else _linked(instance, name)
        names = sorted(str(each) for each in chosen[:MOST_NAMES])
        left, came = self._row(instance, "change")["changes"].get(name) or ([], [])
        left, came = (left, [*came, *names]) if action == "post_add" else ([*left, *names], came)
        if names:
            self.rows[key_of(instance)]["changes"][name] = (left, came)


def fields_of(row: Model) -> list[Field[Any, Any]]:
    """The fields of a row that are told."""
    return [field for field in row._meta.concrete_fields if not field.primary_key]


def _new(target: Model, what: str) -> dict[str, Any]:
    return {"target": target, "what": what, "words": str(target), "scope": discretion.scope_of(target), "changes": {}}


def _change(changes: dict[str, Any], field: Field[Any, Any], stored: Model | None, row: Model) -> None:
    before = values.of_field(field, stored) if stored is not None else None
    after = values.of_field(field, row)
    if field.name in changes:  # it was saved twice
        before = changes[field.name][0]
    if before is not None or after is not None:
        changes[field.name] = (before, after)


def _name_of(through: type[Model], instance: Model) -> str:
    """What the relation is called on this side."""
    own = [field.name for field in instance._meta.many_to_many if field.remote_field.through is through]
    return own[0] if own else str(through._meta.model_name)


def _linked(instance: Model, name: str) -> Any:
    """All that are linked now, where the signal does not say which."""
    found = getattr(instance, name, None)
    return found.all() if found is not None else []
