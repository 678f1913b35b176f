"""The buttons of a page in a real browser: on a phone all can be pressed. What holds for every page: tests/walks."""

from __future__ import annotations

import pytest

from docs.pictures.browser import PHONE, Browser
from tests.admin.scenes import a_school

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

THUMB = 44  # pixels; what a thumb hits
SIZES = "[...document.querySelectorAll('.object-tools a, .object-tools summary')].map(each => each.offsetHeight)"


def test_more_opens_by_keyboard_and_every_button_is_large_enough_for_a_thumb(window: Browser, root: str) -> None:
    window.look(PHONE)
    window.open(root + a_school().get_absolute_url())
    assert not window.run("document.querySelector('.more a').checkVisibility()")
    window.run("document.querySelector('.more summary').focus()")
    window.enter()
    assert window.run("document.querySelector('.more a').checkVisibility()")
    heights = window.run(SIZES)
    assert len(heights) > 10
    assert min(heights) >= THUMB
