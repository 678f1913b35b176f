"""Numbers and spans in words, as they appear on pages, in sentences and in the command's output."""

from __future__ import annotations

from datetime import timedelta

DIGITS = 18  # as many as a row's number has in any database


def number_in(text: str, digits: int = DIGITS) -> int | None:
    """The whole number somebody or a link has written in plain digits; None for anything else, however long."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= digits else None


def bytes_text(size: float) -> str:
    """`52428800` → `52.4 MB` (powers of 1000)."""
    for unit in ("B", "kB", "MB", "GB"):
        if round(size, 1) < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def count_text(number: int, one: str, many: str = "") -> str:
    """`1,200 students`, `1 student`; with `many` where more than an `s` differs: `1 file is`, `2 files are`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def seconds_text(seconds: float | None) -> str:
    """`0.8 s`, `42 s`, `3 min 5 s`, `2 h 10 min`; a dash for None."""
    if seconds is None:
        return "—"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 90:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} days"


def rough_text(span: timedelta) -> str:
    """A span as one looks at a clock: `40 s`, `12 min`, `2 h 10 min`, `3 days`."""
    seconds = span.total_seconds()
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{round(seconds / 60)} min" if seconds < 90 * 60 else seconds_text(seconds)


def age_text(span: timedelta | None) -> str:
    """How long ago, in words; nobody needs the seconds of minutes."""
    if span is None:
        return "never"
    seconds = span.total_seconds()
    if seconds < 2:
        return "just now"
    if seconds < 90:
        return f"{seconds:.0f} s ago"
    return f"{round(seconds / 60)} min ago" if seconds < 90 * 60 else f"{seconds_text(seconds)} ago"
