"""A page with one sentence on it, for where somebody asked for something that cannot be had."""

from __future__ import annotations

from django.http import HttpResponse
from django.template.loader import render_to_string


def said(sentence: str, status: int) -> HttpResponse:
    """The sentence, and the way to the dashboard."""
    return HttpResponse(render_to_string("said.html", {"said": sentence}), status=status)
