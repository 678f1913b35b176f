"""Debian's Chromium without a window, driven by Playwright: opens pages, fills in forms, takes pictures.

The same browser takes the pictures of the guides and walks through the admin in the tests.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from playwright.sync_api import ConsoleMessage, Error, FloatRect, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60.0  # seconds
DESK, PHONE = (1080, 800), (390, 844)
ARGUMENTS = ("--hide-scrollbars", "--disable-gpu")
SIZE = "(() => { const e = document.documentElement; return [e.scrollWidth, e.scrollHeight]; })()"
BOX = """(selector => {
  const box = document.querySelector(selector).getBoundingClientRect();
  return [box.x + scrollX, box.y + scrollY, box.width, box.height];
})"""
FILL = """([selector, fields]) => {
  const form = document.querySelector(selector);
  for (const [name, value] of Object.entries(fields)) form.elements[name].value = value;
  form.requestSubmit();
}"""
FORGET = """() => {
  try { localStorage.clear(); sessionStorage.clear(); } catch { /* a page of no address keeps nothing */ }
}"""
ASYNC = "DJANGO_ALLOW_ASYNC_UNSAFE"  # Playwright's loop runs in the thread that asks, where Django looks for one

BrowserError = Error  # what Chromium did not do, in a sentence


def program() -> str:
    """Where Chromium is; empty where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), "")


class Browser:
    """One window, `page`. `said` is what pages complained of in the console, with their addresses; `asked` are the
    addresses of all that they asked for."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self._before = os.environ.get(ASYNC)
        os.environ[ASYNC] = "true"
        self._playwright = sync_playwright().start()
        self._chromium = self._playwright.chromium.launch(
            executable_path=program(), chromium_sandbox=False, args=list(ARGUMENTS)
        )
        self.page = self.anew()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._chromium.close()
        self._playwright.stop()
        if self._before is None:
            os.environ.pop(ASYNC, None)
        else:
            os.environ[ASYNC] = self._before

    def anew(self) -> Page:
        """A window of somebody who was never here: no cookie, nothing remembered, nothing said."""
        for context in self._chromium.contexts:
            context.close()
        self.page = self._chromium.new_context(reduced_motion="reduce").new_page()
        self.page.set_default_timeout(PATIENCE * 1000)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.said.append(f"{self.page.url}: {error}"))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.said.clear()
        self.asked.clear()
        return self.page

    def forget(self) -> None:
        """The same window, as if nobody had been there: a new one costs the machine most of a second."""
        self.page.evaluate(FORGET)
        self.page.context.clear_cookies()
        self.page.goto("about:blank")
        self.said.clear()
        self.asked.clear()

    def look(self, size: tuple[int, int] = DESK, *, dark: bool = False) -> None:
        """How large the window is, and which colours its owner likes."""
        width, height = size
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")

    def open(self, address: str) -> None:
        """Go there, and wait until the page is whole."""
        self.page.goto(address)

    def submit(self, form: str, **fields: str) -> None:
        """Fill in a form, by the names of its fields, and send it."""
        self.turn(lambda: self.page.evaluate(FILL, [form, fields]))

    def turn(self, what: Callable[[], Any]) -> None:
        """Do what leads to another page, and wait until that one is whole."""
        with self.page.expect_event("load"):
            what()

    def run(self, script: str) -> Any:
        """What JavaScript makes of it."""
        return self.page.evaluate(script)

    def enter(self) -> None:
        """Press the key Enter on what has the focus."""
        self.page.keyboard.press("Enter")

    def picture(self, part: str = "", height: int = 0) -> bytes:
        """PNG of the whole page, or of its first part that the selector finds; at most so high."""
        x, y, wide, high = [0, 0, *self.run(SIZE)] if not part else self.page.evaluate(BOX, part)
        clip = FloatRect(x=x, y=y, width=wide, height=min(high, height or high))
        return self.page.screenshot(clip=clip, full_page=True)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.said.append(f"{message.location.get('url', '')}: {message.text}")
