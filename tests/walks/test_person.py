"""Those who walk through the admin notice what would keep somebody from it, and say it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from docs.pictures.browser import Browser
from tests.walks.person import Keys
from tests.walks.watching import the_same_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

UNMARKED = "for (const each of document.querySelectorAll('a, summary, button')) each.style.outline = 'none'"
COVERED = """
const cover = document.createElement("div");
Object.assign(cover.style, { position: "fixed", inset: "0", zIndex: "9999" });
document.body.append(cover);
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (UNMARKED, "does not show that it has the focus"),
        (COVERED, "has the focus and is not to be seen"),
        ("", "Tab does not lead to “Nothing of this name”"),
    ],
    ids=["unmarked", "covered", "not there"],
)
def test_somebody_with_a_keyboard_alone_says_where_it_ends(window: Browser, root: str, change: str, said: str) -> None:
    window.open(root + reverse("admin:sign_ins"))
    window.run(f"(() => {{ {change} }})()")
    with pytest.raises(AssertionError, match=said):
        Keys(window).press("Nothing of this name")


def test_who_watches_says_that_the_page_was_loaded_anew(window: Browser, root: str) -> None:
    window.open(root + reverse("admin:sign_ins"))
    with pytest.raises(AssertionError, match="was loaded anew"), the_same_page(window):
        window.page.reload()
