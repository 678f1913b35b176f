"""What a person does with a page: presses what has a name, types into what has a label, and reads what is said.

`Hands` has a mouse or a finger; `Keys` has the keyboard alone, and sees where it is only by what has the focus.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from playwright.sync_api import Locator, Page

from docs.pictures.browser import Browser
from tests.walks import tabbing

PAGE = "main"  # a page below its head
FARTHEST = 150  # presses of Tab on one page, before something is said to be out of reach
FOCUSED = "input:focus, textarea:focus"
HOLDS = "within => document.activeElement.closest(within) !== null"


def sign_out(window: Browser) -> None:
    """By the menu under one's name."""
    window.page.locator("#user-tools summary").click()
    window.turn(window.page.get_by_role("button", name="Sign out", exact=True).click)


class Person(ABC):
    """Somebody in front of a window. What is pressed, opened or filled in goes by the words that stand there."""

    def __init__(self, window: Browser) -> None:
        self.window = window

    @property
    def page(self) -> Page:
        return self.window.page

    @property
    def text(self) -> str:
        """All that is to be read on the page."""
        return self.page.inner_text("body")

    @abstractmethod
    def press(self, name: str, within: str = PAGE) -> None:
        """Press the first link or button of that name, and wait for the page behind it."""

    @abstractmethod
    def unfold(self, name: str, within: str = PAGE) -> None:
        """Open what is folded in under that name."""

    @abstractmethod
    def into(self, label: str, text: str) -> None:
        """Type a text into the field of that label, sign by sign; what was in it is gone."""

    @abstractmethod
    def tick(self, label: str) -> None:
        """Say yes to it."""

    def fill(self, **fields: str) -> None:
        """Type into several fields, by their labels (`typed_in` for “Typed in”)."""
        for name, text in fields.items():
            self.into(name.replace("_", " ").capitalize(), text)

    def type(self, text: str) -> None:
        """Type into what has the focus already: given when the page is drawn, which may be after it is whole."""
        self.page.locator(FOCUSED).wait_for()
        self.page.keyboard.type(text)

    def go(self, room: str) -> None:
        """Go to a room by the page's head; on a telephone the rooms are in a menu."""
        if self.page.locator(".rooms .when-narrow").is_visible():
            self.unfold("Menu", within=".rooms")
        self.press(room, within=".rooms")

    def choose(self, value: str) -> None:
        """Open the filter of a list that has this value, and choose it."""
        filters = "#changelist-filter"
        link = self.page.get_by_text(value, exact=True)
        self.unfold(self.page.locator(f"{filters} details", has=link).locator("summary").inner_text(), within=filters)
        self.press(value, within=filters)

    def field(self, label: str) -> Locator:
        """The field whose label says this, and nothing more."""
        return self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}:?\s*$")).locator("visible=true")

    def said(self, label: str) -> str:
        """The sentence beside the field of that label."""
        around = self.page.locator(".field, .form-row").filter(has=self.field(label))
        return " ".join(around.locator(".errorlist").all_inner_texts())


class Hands(Person):
    """A person with a mouse or a finger."""

    def press(self, name: str, within: str = PAGE) -> None:
        area = self.page.locator(within)
        link = area.get_by_role("link", name=name, exact=True)
        self.window.turn(area.get_by_role("button", name=name, exact=True).or_(link).first.click)

    def unfold(self, name: str, within: str = PAGE) -> None:
        words = self.page.locator(within).get_by_text(name, exact=True)
        words.and_(self.page.locator("summary, summary *")).locator("visible=true").click()

    def into(self, label: str, text: str) -> None:
        self.field(label).fill("")
        self.field(label).press_sequentially(text)

    def tick(self, label: str) -> None:
        self.field(label).check()


class Keys(Person):
    """A person with a keyboard alone. Fails where on the way something has the focus and does not look like it."""

    def press(self, name: str, within: str = PAGE, key: str = "Enter") -> None:
        self._reach(name, within)
        self.window.turn(lambda: self.page.keyboard.press(key))

    def unfold(self, name: str, within: str = PAGE) -> None:
        self._reach(name, within)
        self.window.enter()

    def into(self, label: str, text: str) -> None:
        self._reach(label)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def tick(self, label: str) -> None:
        self._reach(label)
        if not self.window.run("document.activeElement.checked"):
            self.page.keyboard.press("Space")

    def _reach(self, name: str, within: str = PAGE) -> None:
        """Press Tab until what has the focus has that name; nothing is pressed where the page has put it there."""
        passed: list[str] = []
        here, ends = tabbing.stop(self.window), 0
        if here is None:  # where nothing has the focus the first Tab leads to the page's begin, which is no end
            here = tabbing.press(self.window)
        while ends < 2 and len(passed) < FARTHEST:  # Tab begins where the focus is: all was reached once around
            if here is None:
                ends += 1
            else:
                assert here.marked, f"“{here.words}” does not show that it has the focus, on {self.page.url}"
                assert here.seen, f"“{here.words}” has the focus and is not to be seen, on {self.page.url}"
                if here.words == name and self.page.evaluate(HOLDS, within):
                    return
                passed.append(here.words)
            here = tabbing.press(self.window)
        raise AssertionError(f"Tab does not lead to “{name}” on {self.page.url}, only to {passed}")
