"""Takes pictures of the admin into the guides' folder, as somebody who is signed in."""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from docs.pictures import terminal
from docs.pictures.browser import DESK, PATIENCE, Browser, BrowserError
from docs.pictures.palette import reduced

FOLDER = Path(__file__).parent
LARGEST = 120_000  # bytes of a picture


@dataclass
class Camera:
    """`root` is the admin's address. `said` grows by what the pages complained of in the console."""

    browser: Browser
    root: str
    folder: Path = FOLDER
    only: Collection[str] = ()
    sizes: dict[str, int] = field(default_factory=dict)

    @property
    def said(self) -> list[str]:
        return self.browser.said

    def sign_in(self, user: str, password: str) -> None:
        self.browser.look()
        self.browser.open(self.root)
        self.browser.submit("#login-form", username=user, password=password)

    def take(
        self,
        name: str,
        path: str,
        *,
        part: str = "",
        height: int = 0,
        size: tuple[int, int] = DESK,
        dark: bool = False,
        opened: str = "",
        until: str = "",
    ) -> None:
        """A picture of the page, or of a part of it; `opened` is a disclosure that is opened first, `until` an element
        that a script of the page is waited for to bring."""
        if not self._wanted(name):
            return
        self.browser.look(size, dark=dark)
        self.browser.open(self.root + path.lstrip("/"))
        if until:
            self._wait(until)
        if opened:
            self.browser.run(f"document.querySelector('{opened}').open = true")
        self._keep(name, part, height)

    def typed(self, name: str, *commands: str) -> None:
        """A picture of a terminal in which these `ops` commands were typed."""
        if not self._wanted(name):
            return
        self.browser.look(terminal.SIZE)
        self.browser.open("about:blank")  # a page of the admin would not let itself be written over
        self.browser.page.set_content(terminal.page(commands))
        self._keep(name, "pre")

    def _wanted(self, name: str) -> bool:
        return not self.only or name in self.only

    def _keep(self, name: str, part: str, height: int = 0) -> None:
        made = reduced(self.browser.picture(part, height))
        (self.folder / f"{name}.png").write_bytes(made)
        self.sizes[name] = len(made)

    def _wait(self, until: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.browser.run(f"Boolean(document.querySelector({json.dumps(until)}))"):
            if time.monotonic() > deadline:
                raise BrowserError(f"The page did not bring {until}.")

    def width(self, path: str, size: tuple[int, int]) -> int:
        """Of the page, in pixels, in a window of that size."""
        self.browser.look(size)
        self.browser.open(self.root + path.lstrip("/"))
        return int(self.browser.run("document.documentElement.scrollWidth"))

    @property
    def problems(self) -> list[str]:
        """Pictures that are too large, and what the pages complained of."""
        large = [f"{name}.png has {size:,} bytes." for name, size in self.sizes.items() if size > LARGEST]
        return [*large, *self.said]
