"""Markdown that people and programs wrote as HTML that cannot do anything: no raw HTML is read, all is cleaned."""

from __future__ import annotations

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS = {
    "p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
HEADINGS = {"h1", "h2", "h3", "h4"}
_OFF = ["image", "html_block", "html_inline"]
_LONGEST = 200_000  # characters; more is a mistake or an attack
_texts = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable(_OFF)
_texts.disable(["heading", "lheading"])
_documents = MarkdownIt("commonmark", {"html": False}).enable("table").disable(_OFF)


def of_text(text: str) -> SafeString:
    """What a person wrote, as part of a page: headings and pictures are not for them."""
    return _clean(_texts.render(text[:_LONGEST]), TAGS)


def of_document(markdown: str) -> SafeString:
    """A whole document of ours."""
    return _clean(_documents.render(markdown), TAGS | HEADINGS)


def _clean(html: str, tags: set[str]) -> SafeString:
    allowed = {"a": {"href", "title"}, "ol": {"start"}}
    schemes = {"http", "https", "mailto"}
    clean = nh3.clean(html, tags=tags, attributes=allowed, url_schemes=schemes, link_rel="noopener noreferrer nofollow")
    return mark_safe(clean)  # noqa: S308  (nh3 has just cleaned it)
