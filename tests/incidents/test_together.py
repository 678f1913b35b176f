"""Several things at once, for so long and no longer."""

from __future__ import annotations

import threading
import time

from incidents.services.together import within
from smsops.errors import OpsError


def fail() -> str:
    raise OpsError("the engine is away.")


def test_each_answers_or_says_why_not() -> None:
    found = within(5, {"good": lambda: "yes", "bad": fail, "mistaken": lambda: str(1 / 0)})
    assert found["good"] == "yes"
    assert str(found["bad"]) == "the engine is away."
    assert str(found["mistaken"]) == "smsops did not expect this: ZeroDivisionError."


def test_what_hangs_is_left_behind_and_named() -> None:
    ended, began = threading.Event(), time.monotonic()
    found = within(0.3, {"slow": lambda: str(ended.wait(30)), "good": lambda: "yes"})
    assert time.monotonic() - began < 5
    ended.set()
    assert (found["good"], str(found["slow"])) == ("yes", "it was not there within 0.3 s.")
