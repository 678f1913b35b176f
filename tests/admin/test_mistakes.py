"""A page comes back at the first mistake, with all that was typed: on a telephone it may be far below."""

from __future__ import annotations

import pytest

from tests.admin.browser import Browser, Page, door
from tests.admin.scenes import a_school, its_backup
from tests.admin.test_environment_page import saved
from tests.factories import make_admin

pytestmark = pytest.mark.django_db


def focused(page: Page) -> list[str]:
    """The fields that get the focus when the page is shown; a browser takes the first."""
    return [each.attributes.get("name", "") for each in page.elements if "autofocus" in each.attributes]


def test_a_confirmation_comes_back_at_the_field_that_is_wrong() -> None:
    page = Browser(make_admin()).post(door(a_school(), "restore"), typed_name="another", reason="")
    assert focused(page) == ["typed_name"]
    page = Browser(make_admin()).post(door(a_school(), "pause"), hours="1", reason="")
    assert focused(page) == ["reason"]


def test_a_confirmation_that_nobody_has_filled_in_yet_begins_above() -> None:
    assert focused(Browser(make_admin()).get(door(a_school(), "restore"))) == []


def test_what_is_wrong_with_no_field_is_said_before_everything_else() -> None:
    page = Browser(make_admin()).post(door(its_backup(), "put-back"), table="students", reason="x")
    assert page.html.index("Say which rows") < page.html.index("What will happen")


def test_a_page_of_the_admin_comes_back_at_the_field_that_is_wrong() -> None:
    page = saved(a_school(), **{"schedule-0-opens": "19:00", "schedule-0-closes": "07:00"})
    assert focused(page) == ["schedule-0-closes"]
