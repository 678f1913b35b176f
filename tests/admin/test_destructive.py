"""Destructive buttons: the environment's name, typed, and a reason, or nothing happens."""

from __future__ import annotations

from typing import Any

import pytest

from smsops.models import Run
from tests.admin.browser import Browser, Page, everything
from tests.admin.doors import DESTRUCTIVE, DOORS, Door, environment_of
from tests.admin.scenes import a_school
from tests.factories import make_environment

pytestmark = pytest.mark.django_db

every_destructive = pytest.mark.parametrize("button", DESTRUCTIVE.values(), ids=DESTRUCTIVE)


def refused(button: Door, target: Any, **changes: str) -> Page:
    """Send the form with changes, and see that nothing came of it."""
    browser = Browser(button.user())
    before = everything()
    page = browser.post(button.address(target), **{**button.form(target), **changes})
    assert page.status == 200
    assert everything() == before
    return page


def test_what_cannot_be_taken_back_is_destructive() -> None:
    restores = {"restore the latest", "restore a backup", "restore to a moment"}
    repairs = {"restart", "make anew", "build anew", "give more memory", "put the key back", "upgrade the schema"}
    assert set(DESTRUCTIVE) == {*restores, *repairs, "roll back", "rotate the key", "break the glass"}


@every_destructive
def test_the_page_says_which_name_to_type_and_that_it_is_dangerous(button: Door) -> None:
    target = button.prepare()
    page = Browser(button.user()).get(button.address(target))
    assert f"Type “{environment_of(target).name}” to go on." in page.text
    assert page.one("button", "button-danger")


@every_destructive
def test_a_missing_name_is_refused_beside_its_field(button: Door) -> None:
    page = refused(button, button.prepare(), typed_name="")
    assert "This field is required." in page.errors_of("Name")
    assert not page.errors_of("Reason")


@every_destructive
@pytest.mark.parametrize("typed", ["other", "{name}x", "{NAME}", "yes"])
def test_another_name_is_refused_beside_its_field(button: Door, typed: str) -> None:
    target = button.prepare()
    name = environment_of(target).name
    page = refused(button, target, typed_name=typed.format(name=name, NAME=name.upper()))
    assert f"This is not “{name}”." in page.errors_of("Name")


@every_destructive
def test_the_name_of_another_environment_is_refused(button: Door) -> None:
    page = refused(button, button.prepare(), typed_name=make_environment().name)
    assert "This is not" in page.errors_of("Name")


@every_destructive
@pytest.mark.parametrize("reason", ["", "   "])
def test_a_missing_reason_is_refused_beside_its_field(button: Door, reason: str) -> None:
    page = refused(button, button.prepare(), reason=reason)
    assert "This field is required." in page.errors_of("Reason")
    assert not page.errors_of("Name")


@every_destructive
def test_what_was_typed_is_still_there_after_a_mistake(button: Door) -> None:
    page = refused(button, button.prepare(), typed_name="wrong", reason="a long and careful reason")
    assert "a long and careful reason" in [field.attributes.get("value") for field in page.all("input")]


@pytest.mark.parametrize("button", [each for each in DESTRUCTIVE.values() if each.kind], ids=lambda each: each.name)
def test_blanks_around_the_name_are_forgiven(button: Door) -> None:
    target = button.prepare()
    form = button.form(target) | {"typed_name": f" {environment_of(target).name} "}
    Browser(button.user()).post(button.address(target), **form)
    assert Run.objects.filter(kind=button.kind, state="queued").exists()


def test_the_name_is_the_short_one_even_where_there_is_a_title() -> None:
    environment, button = a_school(), DOORS["restore the latest"]
    environment.title = "The Northern school"
    environment.save()
    page = refused(button, environment, typed_name="The Northern school")
    assert f"This is not “{environment.name}”." in page.errors_of("Name")


def test_a_reason_that_is_too_long_is_refused() -> None:
    page = refused(DOORS["roll back"], a_school(), reason="x" * 501)
    assert "at most 500 characters" in page.errors_of("Reason")


def test_a_release_that_is_not_offered_is_refused() -> None:
    page = refused(DOORS["roll back"], a_school(), version="9.9.9")
    assert "not one of the available choices" in page.errors_of("To release")


def test_a_release_of_another_environment_is_refused() -> None:
    other = a_school().releases.get(version="1.17.0")
    page = refused(DOORS["deploy"], a_school(), release=str(other.pk))
    assert "not one of the available choices" in page.errors_of("Release")
