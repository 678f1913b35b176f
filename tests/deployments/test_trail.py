"""Which release “the one that ran before” is."""

from __future__ import annotations

import pytest

from deployments.trail import Move, before, trail


def ran(*moves: str) -> str:
    """`moves` like "1>2" (a deploy) and "2<1" (going back from 2 to 1); what ran before the last release reached."""
    made = [_move(each) for each in moves]
    return before(made[-1].reached, trail(made))


def _move(words: str) -> Move:
    left, _, reached = words.replace("<", ">").partition(">")
    return Move(left, reached, "<" in words)


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ((">1",), ""),
        (("1>2",), "1"),
        (("1>2", "2>3"), "2"),
        (("1>2", "2>3", "3<2"), "1"),
        (("1>2", "2>3", "3<2", "2<1"), ""),
        (("1>2", "2>3", "3<2", "2>4"), "2"),
        (("1>2", "2>3", "3<1"), ""),
        (("1>2", "2>1", "1>2", "2<1"), "2"),
        (("1>2", "2>2"), "1"),
        (("2>3", "3<1"), ""),
        (("1>2", "2>3", "3<0", "0>4", "4<0"), ""),
        (("2<1",), ""),
        (("1>2", "3>2"), "3"),
        (("1>2", "2>3", "4<2"), "1"),
    ],
)
def test_going_back_leads_further_back_and_never_to_what_was_left(moves: tuple[str, ...], expected: str) -> None:
    assert ran(*moves) == expected


def test_of_a_release_nobody_deployed_nothing_is_known() -> None:
    assert before("9", trail([Move("1", "2", back=False)])) == ""
