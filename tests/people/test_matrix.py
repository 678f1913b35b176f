"""Who gets where: every address of the admin and every button, for each role, for nobody, for staff without a role."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from incidents.models import Contact
from tests.admin.browser import Browser, changelist, everything
from tests.admin.doors import DOORS, Door
from tests.admin.test_viewers import BULK, FORM, MAKE
from tests.people.world import LOOKERS, NOBODY, PAGES, PERSONS, held, names, one_of, person, right

pytestmark = pytest.mark.django_db

every_model = pytest.mark.parametrize("model", MAKE, ids=lambda model: model.__name__)
every_door = pytest.mark.parametrize("button", DOORS.values(), ids=DOORS)
SUPERUSERS_ONLY = ("django_celery_beat",)  # whoever has the right to change them may not, either
OWN = ("password_change", "own_settings")  # what is everybody's own: a password, a time zone


def client(name: str) -> Client:
    return Browser(person(name)).client


def address(model: type[Model], view: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


def allowed(name: str, verb: str, model: type[Model]) -> bool:
    return right(verb, model) in held(name) and model._meta.app_label not in SUPERUSERS_ONLY


def wanted(name: str, may: bool) -> set[int]:
    """What the server may answer: nobody is sent to the sign-in."""
    return {302} if name == NOBODY else {200} if may else {403}


def test_the_world_has_every_page_of_the_admin() -> None:
    assert set(names()) == set(PAGES), "a new page belongs into PAGES of tests/people/world.py"
    assert set(admin.site._registry) == set(MAKE), "a new model belongs into MAKE of tests/admin/test_viewers.py"


@every_model
def test_the_pages_of_a_model_are_for_those_who_have_its_rights(model: type[Model]) -> None:
    target = one_of(model)
    for name in PERSONS:
        browser, sees = client(name), wanted(name, right("view", model) in held(name))
        for where in (changelist(model), address(model, "change", target.pk), address(model, "history", target.pk)):
            assert browser.get(where).status_code in sees, (name, where)
        assert browser.get(address(model, "add")).status_code in wanted(name, allowed(name, "add", model)), name


@every_model
def test_a_form_by_hand_is_taken_from_those_alone_who_have_the_right(model: type[Model]) -> None:
    target = one_of(model)
    for name in PERSONS:
        browser = client(name)
        for verb, args in (("add", []), ("change", [target.pk]), ("delete", [target.pk])):
            own = model is Contact and verb != "add"  # contacts are changed by whose they are
            may = allowed(name, verb, model) and not own
            answer = browser.post(address(model, verb, *args), {})
            assert answer.status_code in (wanted(name, may) | ({302} if may else set())), (name, verb)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_for_those_who_have_its_right(page: str) -> None:
    place = PAGES[page]
    where = place.address()
    for name in PERSONS:
        code = client(name).get(where).status_code
        if name == NOBODY:
            assert code == 302 or not place.right, name
        elif not place.right or place.right in held(name):
            assert code in (200, 410), name  # 410: a piece of evidence that is not there any more
        else:
            assert code == place.refusal, name


@every_door
def test_a_button_is_for_those_who_have_its_right(button: Door) -> None:
    target = button.prepare()
    where = button.address(target)
    for name in PERSONS:
        sees = right("view", type(target)) in held(name) and button.refusal == 403
        may = sees and button.permission in held(name)
        refusal = {302} if name == NOBODY else {button.refusal, 403}
        for method in ("get",) if may else ("get", "post"):
            code = getattr(client(name), method)(where, button.form(target)).status_code
            assert code in ({200} if may else refusal), (name, method)


@every_model
def test_whatever_a_looker_sends_to_a_model_changes_no_row(model: type[Model]) -> None:
    target = one_of(model)
    rows = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": str(target.pk), "form-0-name": "changed"}
    for browser in (client(name) for name in LOOKERS):
        before = everything()
        for verb, args in (("add", []), ("change", [target.pk]), ("delete", [target.pk]), ("history", [target.pk])):
            browser.post(address(model, verb, *args), {**FORM, "post": "yes"})
        for action in BULK:
            chosen = {"action": action, "_selected_action": str(target.pk), "index": "0", "post": "yes"}
            browser.post(changelist(model), chosen)
        browser.post(changelist(model), {**rows, "_save": "Save"})
        assert everything() == before


@pytest.mark.parametrize("page", [page for page in PAGES if not page.startswith(OWN)])
def test_whatever_a_looker_sends_to_a_page_changes_no_row(page: str) -> None:
    where = PAGES[page].address()
    for browser in (client(name) for name in LOOKERS):
        before = everything()
        for method in ("post", "put", "patch", "delete"):
            getattr(browser, method)(where, FORM)
        assert everything() == before


@every_door
def test_whichever_button_a_looker_presses_by_hand_changes_no_row(button: Door) -> None:
    target = button.prepare()
    for browser in (client(name) for name in LOOKERS):
        before = everything()
        for method in ("get", "post", "put", "patch", "delete"):
            answer = getattr(browser, method)(button.address(target), button.form(target))
            assert answer.status_code in (403, button.refusal)
        assert everything() == before
