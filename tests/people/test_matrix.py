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
from tests.admin.doors import DOORS, Door, OwnDoor
from tests.admin.test_viewers import BULK, FORM, MAKE
from tests.people.world import LOOKERS, NOBODY, PAGES, PERSONS, held, names, one_of, person, right

pytestmark = pytest.mark.django_db

every_person = pytest.mark.parametrize("name", PERSONS)
every_model = pytest.mark.parametrize("model", MAKE, ids=lambda model: model.__name__)
every_looker = pytest.mark.parametrize("name", LOOKERS)
SUPERUSERS_ONLY = ("django_celery_beat",)  # whoever has the right to change them may not, either


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


@every_person
@every_model
def test_the_pages_of_a_model_are_for_those_who_have_its_rights(model: type[Model], name: str) -> None:
    target, browser = one_of(model), client(name)
    sees = right("view", model) in held(name)
    for where in (changelist(model), address(model, "change", target.pk), address(model, "history", target.pk)):
        assert browser.get(where).status_code in wanted(name, sees), where
    assert browser.get(address(model, "add")).status_code in wanted(name, allowed(name, "add", model))


@every_person
@every_model
def test_a_form_by_hand_is_taken_from_those_alone_who_have_the_right(model: type[Model], name: str) -> None:
    target, browser = one_of(model), client(name)
    theirs = model is not Contact  # contacts are changed by whose they are
    for verb, args in (("add", []), ("change", [target.pk]), ("delete", [target.pk])):
        may = allowed(name, verb, model) and (theirs or verb == "add")
        answer = browser.post(address(model, verb, *args), {})
        assert answer.status_code in (wanted(name, may) | ({302} if may else set())), verb


@every_person
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_for_those_who_have_its_right(page: str, name: str) -> None:
    place = PAGES[page]
    where, browser = place.address(), client(name)
    may = name != NOBODY and (not place.right or place.right in held(name))
    answer = browser.get(where)
    if name == NOBODY:
        assert answer.status_code == 302 or not place.right
    elif may:
        assert answer.status_code in (200, 410)  # 410: a piece of evidence that is not there any more
    else:
        assert answer.status_code == place.refusal


@pytest.mark.parametrize("button", DOORS.values(), ids=DOORS)
def test_a_button_is_for_those_who_have_its_right(button: Door) -> None:
    target = button.prepare()
    where = button.address(target)
    for name in PERSONS:
        sees = right("view", type(target)) in held(name)
        may = sees and button.permission in held(name) and button.refusal == 403
        if isinstance(button, OwnDoor) and name != NOBODY:
            may = may and "incidents.change_contact" in held(name)
        refusal = {302} if name == NOBODY else {button.refusal, 403}
        for method in ("get",) if may else ("get", "post"):
            code = getattr(client(name), method)(where, button.form(target)).status_code
            assert code in ({200} if may else refusal), (name, method)


@every_looker
@every_model
def test_whatever_a_looker_sends_to_a_model_changes_no_row(model: type[Model], name: str) -> None:
    target, browser = one_of(model), client(name)
    before = everything()
    for verb, args in (("add", []), ("change", [target.pk]), ("delete", [target.pk]), ("history", [target.pk])):
        browser.post(address(model, verb, *args), {**FORM, "post": "yes"})
    for action in sorted({*BULK, "run_tasks", "toggle_tasks"}):
        chosen = {"action": action, "_selected_action": str(target.pk), "index": "0", "post": "yes"}
        browser.post(changelist(model), chosen)
    rows = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": str(target.pk), "form-0-name": "changed"}
    browser.post(changelist(model), {**rows, "_save": "Save"})
    assert everything() == before


@every_looker
@pytest.mark.parametrize("page", [page for page in PAGES if not page.startswith("password_change")])
def test_whatever_a_looker_sends_to_a_page_changes_no_row(page: str, name: str) -> None:
    where, browser = PAGES[page].address(), client(name)
    before = everything()
    for method in ("post", "put", "patch", "delete"):
        getattr(browser, method)(where, FORM)
    assert everything() == before


@every_looker
@pytest.mark.parametrize("button", DOORS.values(), ids=DOORS)
def test_whichever_button_a_looker_presses_by_hand_changes_no_row(button: Door, name: str) -> None:
    target, browser = button.prepare(), client(name)
    before = everything()
    for method in ("get", "post", "put", "patch", "delete"):
        answer = getattr(browser, method)(button.address(target), button.form(target))
        assert answer.status_code in (403, button.refusal)
    assert everything() == before
