"""What somebody typed is not lost: another tab was faster, the session is over, a button was pressed twice."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from docs.pictures.browser import Browser
from incidents.models import PostMortem
from smsops.signin import sessions
from tests.admin.browser import door
from tests.after.conftest import drafted
from tests.factories import make_environment
from tests.walks.person import Hands

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WHY = "Why it happened"


@pytest.fixture
def draft(transactional_db: None) -> PostMortem:
    return drafted(make_environment(name="school"))


def form(root: str, draft: PostMortem) -> str:
    return root + door(draft, "write")


def tab(window: Browser, address: str) -> Page:
    """Another tab of the same person."""
    found = window.page.context.new_page()
    found.goto(address)
    return found


def test_of_two_tabs_the_slower_one_is_told_and_nothing_is_lost(window: Browser, root: str, draft: PostMortem) -> None:
    person = Hands(window)
    window.open(form(root, draft))
    other = tab(window, form(root, draft))
    other.get_by_label(WHY).fill("A full disk.")
    other.get_by_role("button", name="Write").click()
    other.wait_for_url(f"**{draft.get_absolute_url()}")
    person.into(WHY, "A slow network.")
    person.press("Write")
    assert "Theirs, under “Why it happened”: A full disk." in person.text
    assert window.page.get_by_label(WHY).input_value() == "A slow network."
    person.tick("Mine shall stand")
    person.press("Write")
    draft.refresh_from_db()
    assert draft.texts["cause"] == "A slow network."
    assert "A full disk." in [version.texts.get("cause") for version in draft.versions.all()]


def test_when_the_session_is_over_what_was_typed_stays_until_somebody_signed_in_again(
    window: Browser, root: str, draft: PostMortem, admin_user: User
) -> None:
    person = Hands(window)
    window.open(form(root, draft))
    person.into(WHY, "A full disk.")
    sessions.end_all(admin_user, "It is late.")
    window.page.get_by_role("button", name="Write").click()
    window.page.get_by_text("You are not signed in any more").wait_for()
    with window.page.expect_popup() as opened:
        window.page.get_by_role("link", name="Sign in in another tab").click()
    sign_in(opened.value, admin_user.username)
    assert window.page.get_by_label(WHY).input_value() == "A full disk."
    person.press("Write")
    draft.refresh_from_db()
    assert (draft.texts, draft.version) == ({"cause": "A full disk."}, 1)


def sign_in(page: Page, name: str) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill("password")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login/" not in url)


def test_a_button_that_is_pressed_twice_does_it_once(window: Browser, root: str, draft: PostMortem) -> None:
    person = Hands(window)
    window.open(form(root, draft))
    person.into(WHY, "A full disk.")
    window.turn(window.page.get_by_role("button", name="Write").dblclick)
    assert "Version 1 is saved." in person.text
    draft.refresh_from_db()
    assert draft.version == 1
