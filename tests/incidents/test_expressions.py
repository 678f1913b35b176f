"""Which expressions may be searched for at once, and what is found of all of them where somebody waits."""

from __future__ import annotations

import pytest

from incidents.expressions import searching
from incidents.expressions.plainness import plain


@pytest.mark.parametrize(
    "expression",
    ["is locked", r"(?i)malformed|disk I/O error", r"^(1|2|137)$", "no such (column|table)s?", r"[\d.] HTTP \S"],
)
def test_what_can_only_be_there_or_not_is_plain(expression: str) -> None:
    assert plain(expression)


@pytest.mark.parametrize(
    "expression",
    ["(a+)+$", "a*", "a{2,3}", "a?" * 9, "(a|a)" * 9 + "!", "(?=a)b", r"(a)\1", "(?<!a)b", "(", "(" * 500 + ")" * 500],
)
def test_what_may_be_tried_in_many_ways_is_not(expression: str) -> None:
    assert not plain(expression)


def test_of_several_texts_the_first_line_of_each_is_found() -> None:
    asked = {"plain": ("locked", "log"), "free": (r"lo\w+d", "log"), "none": (r"x+", "signs"), "empty": (r"x+", "fact")}
    texts = {"log": ["all is well", "is locked", "is locked"], "signs": ["it died"], "fact": []}
    assert searching.glance(asked, texts) == {"plain": [1], "free": [1], "none": [], "empty": []}
