"""What is around a trial: what it does is undone, what it writes is counted, and nothing is made that nobody reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.contrib.admin import AdminSite
from django.db import connection, transaction
from django.forms.widgets import ChoiceWidget
from django.template import Template
from django.test import Client

WRITES = re.compile(r'^(?:INSERT INTO|UPDATE|DELETE FROM) "(?!django_session|smsops_auditentry|axes_|smsops_signin)')

CHOICES = 40  # that are shown of one field


@contextmanager
def sparing() -> Iterator[None]:
    """Nothing is made that nobody reads here: the copy of every context that Django keeps for tests, the list of all
    models that it gives to every page of an admin, and all the time zones that one may choose from."""
    rendered = mock.patch.object(Template, "_render", lambda page, context: page.nodelist.render(context))
    chosen = mock.patch.object(ChoiceWidget, "optgroups", _first(ChoiceWidget.optgroups))
    with rendered, chosen, mock.patch.object(AdminSite, "get_app_list", lambda *_, **__: []):
        yield


def _first(groups_of: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """Of many choices the first, and those that are chosen."""

    def found(*given: Any, **more: Any) -> list[Any]:
        groups = groups_of(*given, **more)
        return groups[:CHOICES] + [each for each in groups[CHOICES:] if any(option["selected"] for option in each[1])]

    return found


@contextmanager
def undone(client: Client) -> Iterator[None]:
    """Whatever happens in it did not happen; nor was the session exchanged for one that is undone as well."""
    cookies = dict(client.cookies)
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    client.cookies.clear()
    client.cookies.update(cookies)


@contextmanager
def counted() -> Iterator[list[str]]:
    """What is written meanwhile, sessions, attempts to sign in and the audit trail left out."""
    written: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if WRITES.match(sql):
            written.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield written
