"""A changelog read by a person: headings, points and words, without the marks of Markdown."""

from __future__ import annotations

import pytest

from deployments.sources.outline import outline, plain


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("### Features\n\n- One\n* Two\n\nMore.", "heading point point text"),
        ("- A point\n  that goes on\n- another", "point point"),
        ("Words\nover two lines\n\nand others", "text text"),
        ("", ""),
        ("#no heading", "text"),
    ],
)
def test_every_line_is_what_it_looks_like(text: str, kinds: str) -> None:
    assert " ".join(line.kind for line in outline(text)) == kinds


def test_marks_are_gone_and_words_stay() -> None:
    assert plain("- **The** schema moves to `e82b`.\n  Go back <b>first</b>.") == (
        "The schema moves to e82b. Go back <b>first</b>."
    )
