"""Bad input in every form of the admin: no crash, nothing written, a sentence beside the field, the rest still there.

The forms are found on the pages themselves: those of every model, of every button and of every page of our own. A new
one is tried as soon as it is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from tests.admin.browser import Browser, changelist
from tests.admin.doors import DOORS, Door, OwnDoor
from tests.admin.test_viewers import MAKE
from tests.factories import make_admin
from tests.forms.rightly import LEFT_OUT, RIGHT
from tests.forms.trial import Trial, posted
from tests.people.world import PAGES

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def far_from_utc(settings: Settings, place_of_no_engine: None) -> Iterator[None]:
    """Where the first and the last hour of the calendar are beyond it."""
    with timezone.override("Pacific/Auckland"):
        yield


@pytest.fixture
def place_of_no_engine(settings: Settings) -> None:
    settings.SMSOPS_DOCKER_HOST = "tcp://127.0.0.1:9"


def address(model: type[Model], view: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


def tried(client: Client, where: str, right: Any, **how: Any) -> list[str]:
    """Every form of the page at that address."""
    answer: Any = client.get(where)
    forms = posted(answer.content.decode()) if answer.status_code == 200 and not answer.streaming else []
    found = []
    for number, form in enumerate(forms):
        found += Trial(client, form.action or where, number, right if number == 0 else {}, **how).run()
    return found


def fields_at(client: Client, where: str) -> frozenset[str]:
    """The names of the fields in the forms of the page at that address; none where nobody gets there."""
    answer: Any = client.get(where)
    forms = posted(answer.content.decode()) if answer.status_code == 200 else []
    return frozenset(name for form in forms for name in form.controls)


@pytest.mark.parametrize("model", MAKE, ids=lambda model: model.__name__)
@pytest.mark.parametrize("view", ["add", "change"])
def test_bad_input_in_the_form_of_a_row(model: type[Model], view: str) -> None:
    target, client = MAKE[model](), Browser(make_admin()).client
    where = address(model, view, *([] if view == "add" else [target.pk]))
    known = fields_at(client, address(model, "add")) if view == "change" else frozenset()
    right = RIGHT.get((model, view), lambda _: {})(target)
    assert tried(client, where, right, after=(changelist(model),), known=known) == []


@pytest.mark.parametrize("name", DOORS)
def test_bad_input_in_the_form_of_a_button(name: str) -> None:
    button: Door = DOORS[name]
    target = button.prepare()
    user = button.user() if isinstance(button, OwnDoor) else make_admin()
    short = name not in ("back up", "restore a backup", "write down")
    assert tried(Browser(user).client, button.address(target), button.form(target), short=short) == []


@pytest.mark.parametrize("page", PAGES)
def test_bad_input_in_the_forms_of_a_page(page: str) -> None:
    where = PAGES[page].address()
    right, left_out = RIGHT.get(page, lambda _: {})(None), LEFT_OUT.get(page, frozenset())
    assert tried(Browser(make_admin()).client, where, right, left_out=left_out) == []
