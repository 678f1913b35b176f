"""Chromium without a window, spoken to over a pipe (DevTools): opens pages, fills in forms, takes pictures."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60.0  # seconds
DESK, PHONE = (1080, 800), (390, 844)
SIZE = "(() => { const e = document.documentElement; return [e.scrollWidth, e.scrollHeight]; })()"
BOX = """(() => {{
  const box = document.querySelector({}).getBoundingClientRect();
  return [box.x, box.y + scrollY, box.width, box.height];
}})()"""


class BrowserError(Exception):
    """What Chromium did not do, in a sentence."""


def program() -> str:
    """Where Chromium is; empty where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), "")


class Browser:
    """One window. `said` is what pages complained of in the console, with their addresses; `asked` are the addresses of
    all that they asked for."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self._profile = tempfile.mkdtemp(prefix="smsops-pictures-")
        ours, theirs = os.pipe(), os.pipe()  # it reads its orders from file 3 and answers on file 4
        orders, answers = ours[0], theirs[1]
        command = [program(), "--headless", "--no-sandbox", "--remote-debugging-pipe", "--hide-scrollbars"]
        command += [f"--user-data-dir={self._profile}", "--no-first-run", "--disable-gpu", "about:blank"]
        told = f'exec 3<&{orders} 4>&{answers}; exec "$@"'
        self._process = subprocess.Popen(
            ["bash", "-c", told, "bash", *command], pass_fds=(orders, answers), stderr=subprocess.DEVNULL
        )
        for end in (orders, answers):
            os.close(end)
        self._orders, self._answers = ours[1], theirs[0]
        self._number, self._rest, self._session, self._loaded = 0, b"", "", 0
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for part in ("Page", "Log", "Runtime", "Network"):
            self._call(f"{part}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError, BrowserError):
            self._call("Browser.close")
        self._process.terminate()
        self._process.wait(10)
        for end in (self._orders, self._answers):
            os.close(end)
        shutil.rmtree(self._profile, ignore_errors=True)

    def look(self, size: tuple[int, int] = DESK, *, dark: bool = False) -> None:
        """How large the window is, and which colours its owner likes."""
        width, height = size
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE}
        self._call("Emulation.setDeviceMetricsOverride", **screen)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        self._call("Emulation.setEmulatedMedia", features=[scheme, still])

    def open(self, address: str) -> None:
        """Go there, and wait until the page is whole."""
        self._after(lambda: self._call("Page.navigate", url=address))

    def submit(self, form: str, **fields: str) -> None:
        """Fill in a form, by the names of its fields, and send it."""
        lines = [f"form.elements[{json.dumps(name)}].value = {json.dumps(value)};" for name, value in fields.items()]
        script = f"const form = document.querySelector({json.dumps(form)}); {' '.join(lines)} form.requestSubmit();"
        self._after(lambda: self.run(f"(() => {{ {script} }})()"))

    def run(self, script: str) -> Any:
        """What JavaScript makes of it."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserError(f"{script}: {answer['exceptionDetails']['exception'].get('description', '')}")
        return answer["result"].get("value")

    def enter(self) -> None:
        """Press the key Enter on what has the focus."""
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
        self._call("Input.dispatchKeyEvent", type="keyDown", text="\r", **key)
        self._call("Input.dispatchKeyEvent", type="keyUp", **key)

    def picture(self, part: str = "", height: int = 0) -> bytes:
        """PNG of the whole page, or of its first part that the selector finds; at most so high."""
        x, y, wide, high = [0, 0, *self.run(SIZE)] if not part else self.run(BOX.format(json.dumps(part)))
        clip = {"x": x, "y": y, "width": wide, "height": min(high, height or high), "scale": 1}
        answer = self._call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(answer["data"])

    def _after(self, what: Callable[[], Any]) -> None:
        before, deadline = self._loaded, time.monotonic() + PATIENCE
        what()
        while self._loaded == before:
            if time.monotonic() > deadline:
                raise BrowserError("A page did not load in time.")
            self._read(0.2)

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        order: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            order["sessionId"] = self._session
        os.write(self._orders, json.dumps(order).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for answer in self._read(1.0):
                if answer.get("id") == self._number:
                    if "error" in answer:
                        raise BrowserError(f"{method}: {answer['error']['message']}")
                    found: dict[str, Any] = answer["result"]
                    return found
        raise BrowserError(f"Chromium did not answer {method} in time.")

    def _read(self, patience: float) -> list[dict[str, Any]]:
        if not select.select([self._answers], [], [], patience)[0]:
            return []
        came = os.read(self._answers, 1 << 20)
        if not came:
            raise BrowserError("Chromium ended.")
        *whole, self._rest = (self._rest + came).split(b"\0")
        found = [json.loads(each) for each in whole]
        for each in found:
            self._heard(each)
        return found

    def _heard(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        if message.get("method") == "Page.loadEventFired":
            self._loaded += 1
        elif message.get("method") == "Log.entryAdded" and params["entry"]["level"] != "verbose":
            entry = params["entry"]
            self.said.append(f"{entry.get('url', '')}: {entry['text']}")
        elif message.get("method") == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif message.get("method") == "Runtime.exceptionThrown":
            self.said.append(str(params["exceptionDetails"].get("text", "")))
