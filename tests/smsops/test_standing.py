"""How a stop ended: killed, by itself, or not at all because SMS lay dead already."""

from __future__ import annotations

import pytest

from smsops.switch.standing import how_it_ended


@pytest.mark.parametrize(
    ("was_up", "code", "hard", "said"),
    [
        (True, 0, False, "It ended by itself."),
        (True, 137, True, "It had to be killed after 15 s."),
        (False, 137, False, "It was not running."),
    ],
)
def test_what_died_before_was_not_killed_by_the_stop(was_up: bool, code: int, hard: bool, said: str) -> None:
    assert how_it_ended(was_up, code, 15) == (hard, said)
