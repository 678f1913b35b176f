"""Nobody who still does something holds the chain: forms take it when all else is done."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from threading import Event, Thread

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models.signals import post_save
from django.urls import reverse

from smsops.audit import record, recording
from smsops.models import AuditEntry
from tests.admin.browser import Browser
from tests.factories import make_admin, make_user

pytestmark = pytest.mark.django_db(transaction=True)
WORD = "Correct-horse-9-battery"


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("sequence").values_list("action", flat=True))


@contextlib.contextmanager
def held(browser: Browser, user: User) -> Iterator[None]:
    """Somebody gives this person another password, and is held up after the password is written."""
    reached, go_on, statuses = Event(), Event(), list[int]()

    def hold(**_: object) -> None:
        reached.set()
        go_on.wait(30)

    def press() -> None:
        where = reverse("admin:auth_user_password_change", args=[user.pk])
        try:
            statuses.append(browser.post(where, password1=WORD, password2=WORD, usable_password="true").status)
        finally:
            connection.close()

    post_save.connect(hold, sender=LogEntry, weak=False)
    thread = Thread(target=press)
    thread.start()
    try:
        assert reached.wait(30)
        yield
    finally:
        go_on.set()
        thread.join()
        post_save.disconnect(hold, sender=LogEntry)
    assert statuses == [302]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one lock for everything")
def test_while_a_password_is_changed_others_write_in_the_trail() -> None:
    user, browser = make_user(), Browser(make_admin())
    Browser(user)  # a session that ends
    before = len(actions())
    with held(browser, user):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        record("environment.check")
    connection.close()
    assert actions()[before:] == ["environment.check", "sessions.ended", "user.change"]


def test_a_form_tells_all_it_did_in_its_order() -> None:
    user, browser = make_user(), Browser(make_admin())
    Browser(user)
    before, where = len(actions()), reverse("admin:auth_user_password_change", args=[user.pk])
    assert browser.post(where, password1=WORD, password2=WORD, usable_password="true").status == 302
    assert actions()[before:] == ["sessions.ended", "user.change"]


def test_what_breaks_off_tells_nothing() -> None:
    with pytest.raises(RuntimeError), transaction.atomic(), recording.at_the_end():
        recording.tell("environment.check", sort="form")
        raise RuntimeError
    recording.tell("environment.check", sort="form")
    assert actions() == ["environment.check"]
