"""Template tags of the house: badges, spans of time, sizes, the backup strip."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import parse_qsl

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString

from smsops import text, zones

register = template.Library()

# One word, one tone. Good, busy, warn and bad are the only four; everything else is quiet.
TONES = {
    "succeeded": "good", "healthy": "good", "done": "good", "resolved": "good", "closed": "quiet", "pass": "good",
    "checked": "good", "started": "good", "restored": "good", "read_back": "good", "stored": "warn",
    "running": "busy", "queued": "busy", "undoing": "busy", "waiting": "busy", "planned": "quiet", "pending": "quiet",
    "failed_undone": "warn", "failed_safe": "warn", "cancelled": "quiet", "undone": "warn", "skipped": "quiet",
    "being changed": "busy",
    "degraded": "warn", "not ready": "warn", "unknown": "warn", "absent": "quiet", "warn": "warn", "skip": "quiet",
    "needs_human": "bad", "failed": "bad", "stuck": "bad", "unhealthy": "bad", "down": "bad", "fail": "bad",
    "damaged": "bad", "late": "bad", "critical": "bad", "high": "warn", "medium": "warn", "low": "quiet",
    "green": "good", "yellow": "warn", "red": "bad", "moderate": "warn", "overdue": "bad",
    "approved": "good", "refused": "warn", "void": "quiet", "glass_broken": "bad",
    "cause": "warn", "clear": "good",
    "in_review": "warn", "published": "good", "met": "good", "missed": "bad", "not known": "quiet",
    "sent": "good", "sending": "busy", "open": "bad", "acknowledged": "busy", "mitigated": "warn",
    "contradicted": "bad", "private": "warn",
}  # fmt: skip


@register.simple_tag
def badge(value: str, label: str = "") -> SafeString:
    """A dot and a word; never colour alone."""
    tone = TONES.get(str(value), "quiet")
    return format_html('<span class="badge badge-{}">{}</span>', tone, label or str(value))


@register.simple_tag(takes_context=True)
def room(context: dict[str, Any], name: str, title: str) -> SafeString:
    """The way to a page of the admin, marked where one is on it or below it."""
    address = reverse(f"admin:{name}")
    here = SafeString(' aria-current="true"') if context["request"].path.startswith(address) else ""
    return format_html('<a href="{}"{}>{}</a>', address, here, title)


@register.inclusion_tag("admin/date_hierarchy.html")
def list_dates(changes: Any) -> dict[str, Any]:
    """The dates of a list to choose from, without reading the list."""
    from smsops.admin.paging import dates_of

    return dates_of(changes)


@register.simple_tag(takes_context=True)
def list_presets(context: Any, changes: Any) -> list[dict[str, Any]]:
    """What is asked of a list most, each a link, and whether it is what is shown."""
    asked = context["request"].GET.dict()
    wanted = [(label, dict(parse_qsl(query)), query) for label, query in getattr(changes.model_admin, "presets", ())]
    return [{"label": label, "url": f"?{query}", "on": asked == given} for label, given, query in wanted]


@register.inclusion_tag("admin/smsops/_nothing.html", takes_context=True)
def list_nothing(context: Any, changes: Any) -> dict[str, str]:
    """What stands in the place of a list's rows where there are none."""
    from smsops.admin import nothing

    return nothing.of(changes, context["request"])


@register.filter
def seconds(value: float | None) -> str:
    return text.seconds_text(value)


@register.filter
def size(value: float | None) -> str:
    return text.bytes_text(value or 0)


@register.filter
def ago(value: datetime | None) -> SafeString | str:
    """How long ago, with the exact time for those who point at it."""
    if value is None:
        return "never"
    local = timezone.localtime(value)
    words = text.age_text(timezone.now() - value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', local.isoformat(), f"{local:%Y-%m-%d %H:%M:%S %Z}", words
    )


@register.filter
def until(value: datetime | None) -> SafeString | str:
    """In how long, or how long ago, with the exact time for those who point at it."""
    if value is None:
        return "—"
    local, left = timezone.localtime(value), value - timezone.now()
    words = f"in {text.rough_text(left)}" if left > timedelta() else text.age_text(-left)
    return format_html(
        '<time datetime="{}" title="{}" data-until>{}</time>',
        local.isoformat(), f"{local:%Y-%m-%d %H:%M:%S %Z}", words,
    )  # fmt: skip


@register.filter
def moments(value: Any) -> SafeString:
    """A sentence whose moments are told in the reader's own zone, and in UTC to those who point at them."""
    return SafeString(zones.WRITTEN.sub(_moment, str(conditional_escape(value))))


def _moment(found: re.Match[str]) -> str:
    return f'<time title="{found[0]}">{zones.own(found)}</time>'


HEIGHT, STEP, WIDE = 26, 10, 8  # of a cell of the strip, in the units of its drawing
SHAPES = {  # by tone, from where to where: what is bad is seen without its colour
    "good": ((0, HEIGHT),), "busy": ((18, 8),), "quiet": ((18, 8),), "warn": ((10, 16),), "bad": ((0, 10), (16, 10)),
}  # fmt: skip


@register.simple_tag
def backup_strip(runs: Sequence[Any], length: int = 96) -> SafeString:
    """The last backup runs as one drawing, oldest first, each a cell with its time and its word."""
    zone = timezone.get_current_timezone()
    cells = [_cell(at + length - len(runs), run, zone) for at, run in enumerate(runs)]
    failed = sum(TONES.get(run.state) in ("warn", "bad") for run in runs)
    said = f"The last {text.count_text(len(runs), 'backup')}, oldest first: "
    return format_html(
        '<svg class="strip-svg" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        length * STEP, HEIGHT, said + (f"{failed} failed." if failed else "none failed."), SafeString("".join(cells)),
    )  # fmt: skip


def _cell(at: int, run: Any, zone: tzinfo) -> str:
    """There are hundreds on a page: only the word, which is not ours, is escaped."""
    kind = TONES.get(run.state, "quiet")
    bars = "".join(
        f'<rect x="{at * STEP}" y="{y}" width="{WIDE}" height="{height}"></rect>' for y, height in SHAPES[kind]
    )
    told = f"{run.created_at.astimezone(zone):%Y-%m-%d %H:%M} {escape(run.word)}"
    return f'<g class="{kind}"><title>{told}</title>{bars}</g>'


@register.filter
def tone(value: str) -> str:
    return TONES.get(str(value), "quiet")


@register.filter
def get(mapping: dict[str, Any], key: str) -> Any:
    return mapping.get(key)
