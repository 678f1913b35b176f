"""How the story is told: a line per act, with its time and whether its verdict was the right one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PATIENCE = 180.0  # seconds


@dataclass
class Line:
    """One line of the story: what was done, whether the verdict was the right one, and how it went."""

    right: bool
    said: str


class Story:
    """Tells the acts in order; remembers whether all of them went right."""

    def __init__(self) -> None:
        self.number, self.all_right = 0, True

    def act(self, title: str, what: Callable[[], Line]) -> None:
        self.number += 1
        began = time.monotonic()
        try:
            line = what()
        except Exception as error:
            line = Line(False, f"{type(error).__name__}: {error}")
        self.all_right = self.all_right and line.right
        mark = "ok " if line.right else "BAD"
        print(
            f"{self.number:2}. {mark} {time.monotonic() - began:5.1f} s  {title}\n                 {line.said}",
            flush=True,
        )


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """Return the first true answer; give up with an error after PATIENCE seconds."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise TimeoutError(f"waited {PATIENCE:.0f} s for {what}")
