"""Documents: what people and programs write is shown, and does nothing, on pages, in Markdown and in PDF."""

from __future__ import annotations

import builtins
from typing import Any

import pytest
from markdown_it import MarkdownIt

from incidents.documents import markdown, pdf
from incidents.documents.parts import Document, Part, Told
from smsops import html
from smsops.errors import OpsError

ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt&#58;alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "[click]: javascript:alert(1)\n\n[click]",
    "![x](https://elsewhere.example/track.png)",
    "<a href='https://elsewhere.example' onmouseover=alert(1)>x</a>",
    "<iframe src=https://elsewhere.example></iframe>",
    "<svg/onload=alert(1)>",
    "<style>body{display:none}</style>",
    "</div></section><h2>What was measured</h2>",
    "`</code><script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
)
_raw = MarkdownIt("commonmark", {"html": True}).enable("table")  # what the most trusting reader makes of a file of ours


def harmful(made: str) -> list[str]:
    """Elements and links in it that could do something."""
    low = made.lower()
    words = (
        "<script",
        "<img",
        "<iframe",
        "<svg",
        "<style",
        "<section",
        "</div",
        'onerror="',
        'href="javascript',
        'href="data',
    )
    return [word for word in words if word in low]


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_people_write_does_nothing_on_a_page(attack: str) -> None:
    made = html.of_text(attack)
    assert not harmful(made)
    assert "<h2" not in made


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_people_write_does_nothing_in_a_file_even_where_html_is_rendered(attack: str) -> None:
    told = Document("x", told=[Told("cause", "Why", attack)])
    assert not harmful(_raw.render(markdown.of(told)))


@pytest.mark.parametrize("attack", [*ATTACKS, "| a | b |", "# A heading", "- a list", "*stars*", "1. one"])
def test_what_was_measured_is_text_and_nothing_else(attack: str) -> None:
    document = Document(attack, parts=[Part("x", attack, [attack], ("A", "B"), [(attack, "b")])])
    made = _raw.render(markdown.of(document))
    assert not harmful(made)
    assert made.count("<td>") == 2
    assert "<em>" not in made


def test_what_looks_like_an_entity_is_shown_as_it_was_measured() -> None:
    assert "&amp;lt;b&amp;gt;" in _raw.render(markdown.escape("&lt;b&gt;"))


def test_people_cannot_write_a_heading_of_ours() -> None:
    made = _raw.render(markdown.of(Document("x", told=[Told("cause", "Why", "## What was measured\n\n\n## More")])))
    before, _, rest = made.partition("<blockquote>")
    quotation, _, after = rest.partition("</blockquote>")
    assert "<h2>What was measured</h2>" not in before + after
    assert "More" in quotation


def test_formatting_that_does_no_harm_stays() -> None:
    made = html.of_text(
        "**bold**, `code`, [a link](https://school.example/x)\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    )
    for wanted in (
        "<strong>bold</strong>",
        "<code>code</code>",
        'href="https://school.example/x"',
        "<li>one</li>",
        "<td>1</td>",
    ):
        assert wanted in made
    assert 'rel="noopener noreferrer nofollow"' in made


def test_secrets_are_taken_out_of_what_was_measured() -> None:
    assert "hunter22" not in markdown.of(Document("x", parts=[Part("t", "T", ["password=hunter22"])]))


@pytest.mark.pdf
def test_a_pdf_is_made_and_fetches_nothing() -> None:
    text = "# Title\n\n![x](file:///etc/passwd) <img src='file:///etc/passwd'>\n\n| a |\n| --- |\n| b |\n"
    made = pdf.of("Title", text)
    assert made.startswith(b"%PDF-")
    assert b"/EmbeddedFile" not in made


def test_where_weasyprint_is_missing_one_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(OpsError, match=r"libpango-1\.0-0.*Take the Markdown"):
        pdf.of("x", "# x")
