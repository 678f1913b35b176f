"""A document as PDF, where WeasyPrint and its libraries are there; nothing is ever fetched for it."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html

from smsops import html
from smsops.errors import OpsError

MISSING = OpsError(
    "PDF needs WeasyPrint and Debian's libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0, which are not here.",
    fix="Take the Markdown, or install them.",
)
STYLE = """
@page { size: A4; margin: 18mm 16mm 20mm; }
@page { @bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt; } }
body { font-family: "DejaVu Sans", sans-serif; font-size: 9pt; line-height: 1.45; color: #1b2733; }
h1 { font-size: 17pt; margin: 0 0 6pt; } h2 { font-size: 13pt; margin: 16pt 0 4pt; border-bottom: 1pt solid #c5d0da; }
h3 { font-size: 10.5pt; margin: 11pt 0 3pt; } h1, h2, h3 { break-after: avoid; }
blockquote { margin: 0; padding: 4pt 10pt; border-left: 3pt solid #8fb3d3; background: #f3f6f9; }
table { border-collapse: collapse; width: 100%; font-size: 8pt; } tr { break-inside: avoid; }
th, td { border-bottom: .5pt solid #c5d0da; padding: 2.5pt 4pt; text-align: left; vertical-align: top; }
code, pre, td { overflow-wrap: anywhere; } ul { margin: 0; padding-left: 14pt; }
"""


def available() -> bool:
    """Whether it can be made here."""
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


def of(title: str, markdown: str) -> bytes:
    """The PDF of a Markdown document of ours. OpsError where the libraries are missing."""
    if not available():
        raise MISSING
    from weasyprint import CSS, HTML

    page = format_html(
        '<!doctype html><html lang="en"><head><title>{}</title></head><body>{}</body></html>',
        title, html.of_document(markdown),
    )  # fmt: skip
    made: bytes | None = HTML(string=page, url_fetcher=_refuse).write_pdf(stylesheets=[CSS(string=STYLE)])
    return made or b""


def _refuse(url: str, *_: Any, **__: Any) -> dict[str, Any]:
    raise ValueError("A document of smsops fetches nothing.")
