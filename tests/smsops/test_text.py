"""Numbers and spans in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from smsops.text import age_text, bytes_text, count_text, seconds_text

SIZES = [
    (0, "0 B"),
    (999, "999 B"),
    (1000, "1.0 kB"),
    (52_428_800, "52.4 MB"),
    (3_200_000_000, "3.2 GB"),
    (7_500_000_000_000, "7.5 TB"),
]
SPANS = [
    (None, "—"),
    (0.84, "0.8 s"),
    (9.9, "9.9 s"),
    (42, "42 s"),
    (89, "89 s"),
    (120, "2 min"),
    (185, "3 min 5 s"),
    (7800, "2 h 10 min"),
    (47 * 3600, "47 h 0 min"),
    (49 * 3600, "2 days"),
]
AGES = [
    (None, "never"),
    (timedelta(seconds=1), "just now"),
    (timedelta(seconds=-5), "just now"),
    (timedelta(seconds=42), "42 s ago"),
    (timedelta(days=3), "3 days ago"),
]
COUNTS = [(0, "0 students"), (1, "1 student"), (2, "2 students"), (1200, "1,200 students")]


@pytest.mark.parametrize(("size", "text"), SIZES)
def test_a_size_is_told_in_powers_of_1000(size: float, text: str) -> None:
    assert bytes_text(size) == text


@pytest.mark.parametrize(("seconds", "text"), SPANS)
def test_a_span_is_told_in_the_unit_a_person_would_use(seconds: float | None, text: str) -> None:
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(("span", "text"), AGES)
def test_an_age_is_told_in_words(span: timedelta | None, text: str) -> None:
    assert age_text(span) == text


@pytest.mark.parametrize(("number", "text"), COUNTS)
def test_one_is_singular_and_thousands_have_a_comma(number: int, text: str) -> None:
    assert count_text(number, "student") == text


@pytest.mark.parametrize(("number", "text"), [(0, "0 entries are"), (1, "1 entry is"), (1200, "1,200 entries are")])
def test_what_is_many_otherwise_than_by_an_s_is_told_by_its_own_word(number: int, text: str) -> None:
    assert count_text(number, "entry is", "entries are") == text
