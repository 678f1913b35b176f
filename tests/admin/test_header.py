"""The header in a real browser: one line, whoever looks, and everything in it for a thumb and for the keyboard."""

from __future__ import annotations

import pytest
from django.urls import reverse

from docs.pictures.browser import PHONE, Browser
from tests.admin.browser import Browser as Client
from tests.factories import make_admin

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LINE, THUMB = 56, 44  # pixels: a line with room around it; what a thumb hits
ROOMS = ["Environments", "Incidents", "Objectives", "Backups", "Releases", "Runs", "Runbook", "Search", "Audit", "API"]
IN_SIGHT = "[...document.querySelectorAll('.rooms a')].filter(each => each.checkVisibility()).map(each => each.text)"
HEIGHT = "document.querySelector('#header').offsetHeight"
WIDTH = "document.documentElement.scrollWidth"
HEIGHTS = "[...document.querySelectorAll('#header [open] a')].filter(e => e.checkVisibility()).map(e => e.offsetHeight)"


@pytest.mark.parametrize("width", [390, 768, 1024, 1080, 1280, 1920])
def test_it_is_one_line_and_every_room_is_in_it_or_in_its_menu_once(
    window: Browser, root: str, admin_user: object, width: int
) -> None:
    type(admin_user)._default_manager.update(first_name="Maximiliane Charlotte")  # type: ignore[attr-defined]
    window.look((width, 800))
    window.open(root)
    assert window.run(HEIGHT) <= LINE
    assert window.run(WIDTH) == width
    window.run("document.querySelector('.rooms details').open = true")
    assert sorted(window.run(IN_SIGHT)) == sorted(ROOMS)


def test_on_a_telephone_the_menu_opens_by_keyboard_and_its_lines_are_for_a_thumb(window: Browser, root: str) -> None:
    window.look(PHONE)
    window.open(root)
    window.page.locator(".rooms summary").focus()
    window.enter()
    assert window.run(IN_SIGHT) == ROOMS
    assert min(window.run(HEIGHTS)) >= THUMB
    window.turn(lambda: window.page.get_by_role("link", name="Runs", exact=True).click())
    assert window.page.url.endswith(reverse("admin:smsops_run_changelist"))


def test_of_its_two_menus_one_is_open_at_a_time_and_the_other_signs_out(window: Browser, root: str) -> None:
    window.look(PHONE)
    window.open(root)
    window.page.get_by_text("Menu", exact=True).click()
    window.page.locator("#user-tools summary").click()
    assert window.run("document.querySelectorAll('#header details[open]').length") == 1
    window.turn(lambda: window.page.get_by_role("button", name="Sign out").click())
    assert window.page.locator("nav.rooms").count() == 0


def test_the_room_one_is_in_is_marked() -> None:
    page = Client(make_admin()).get(reverse("admin:smsops_run_changelist"))
    marked = {each.text for each in page.all("a") if each.attributes.get("aria-current") == "true"}
    assert marked & {*ROOMS} == {"Runs"}
