"""The runbook in a real browser: on paper, on a telephone, and under the strict content security policy."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from docs.pictures.browser import DESK, PHONE, Browser
from smsops.models import Environment
from tests.runbook.pages import a_known_school, address

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_rows"),
]

SEEN = "[...document.querySelectorAll({!r})].map(each => each.checkVisibility() && each.offsetHeight > 0)"


@pytest.fixture
def shown(window: Browser, root: str) -> tuple[Browser, Environment]:
    """The page of a school, before somebody who may do everything."""
    school = a_known_school()
    window.open(root + address(school))
    return window, school


def test_on_paper_every_command_is_open_and_no_button_is_there(shown: tuple[Browser, Environment]) -> None:
    window, _ = shown
    assert not any(window.run(SEEN.format(".typed pre")))
    window.page.emulate_media(media="print")
    commands = window.run(SEEN.format(".typed pre"))
    assert len(commands) > 20
    assert all(commands)
    assert not any(window.run(SEEN.format(".buttons, #header, .runbook-contents, .breadcrumbs")))
    assert all(window.run(SEEN.format(".chapter h2, .chapter h3, table.told")))


def test_it_fits_a_telephone_and_complains_of_nothing(shown: tuple[Browser, Environment], live_server: Any) -> None:
    window, school = shown
    pages = [address(school), address(None), reverse("admin:incidents_runbook_note", args=[school.name, "5.3.1"])]
    wide = []
    for size in (DESK, PHONE):
        window.look(size)
        for page in pages:
            window.open(live_server.url + page)
            if window.run("document.documentElement.scrollWidth") > size[0]:
                wide.append((page, size))
    assert (wide, window.said) == ([], [])


def test_the_keyboard_alone_opens_what_is_folded(shown: tuple[Browser, Environment]) -> None:
    window, _ = shown
    window.run("document.querySelector('.typed summary').focus()")
    window.enter()
    assert window.run(SEEN.format(".typed pre"))[0]
