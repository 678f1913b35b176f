"""Which release “the one that ran before” is."""

from __future__ import annotations

import pytest

from deployments import selectors
from deployments.trail import Move, before, trail
from tests.factories import make_environment, make_instance, make_release, make_run


def move(told: str) -> Move:
    sign = next(each for each in "<>=" if each in told)
    left, _, reached = told.partition(sign)
    return Move(left, reached, back=sign == "<", anew=sign == "=")


def ran(*moves: str) -> str:
    """`moves` like "1>2" (a deploy), "2<1" (going back from 2 to 1) and "2=3" (the image 2 built anew as 3); what ran
    before the last release reached."""
    made = [move(each) for each in moves]
    return before(made[-1].reached, trail(made))


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
        (("1>2", "2=3"), "1"),
        (("1>2", "2=3", "3>4", "4<3"), "1"),
        (("2=3",), ""),
        (("1>2", "3>2"), "3"),
        (("1>2", "2>3", "4<2"), "1"),
    ],
)
def test_going_back_leads_further_back_and_never_to_what_was_left(moves: tuple[str, ...], expected: str) -> None:
    assert ran(*moves) == expected


def test_of_a_release_nobody_deployed_nothing_is_known() -> None:
    assert before("9", trail([Move("1", "2", back=False)])) == ""


@pytest.mark.django_db
def test_a_release_that_was_built_anew_still_has_one_before_it() -> None:
    environment = make_environment()
    first, second = (make_release(environment, version) for version in ("1.18.0", "1.19.0"))
    make_run(environment, kind="deploy", params={"old_image_id": first.image_id, "image_id": "tree:before"})
    rebuilt = {"params": {"old_image_id": "tree:before"}, "facts": {"release.build": {"image_id": second.image_id}}}
    make_run(environment, kind="rebuild", **rebuilt)
    assert selectors.previous_release(environment, make_instance(environment, second)) == first
