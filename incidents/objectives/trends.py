"""The same figures week by week or month by month."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from incidents.objectives import figures
from incidents.objectives.figures import Figures
from incidents.objectives.record import Record
from incidents.objectives.spans import Span
from smsops import zones

WEEK, MONTH = "week", "month"


def buckets(window: Span, by: str) -> list[Span]:
    """Whole weeks (from Monday) or months of the installation's own time zone that touch the window, oldest first; the
    last one ends with the window."""
    found, day = [], _first(zones.in_house(window.begin).date(), by)
    while (begin := _midnight(day)) < window.end:
        day = _next(day, by)
        found.append(Span(begin, min(_midnight(day), window.end)))
    return found


def of(record: Record, window: Span, by: str) -> list[tuple[str, Figures]]:
    """A label and the figures of each bucket."""
    spans = [span for span in buckets(window, by) if span.end > record.environment.created_at]
    return [(_label(span.begin, by), figures.of(record, span)) for span in spans]


def month(text: str) -> Span:
    """The month written like “2026-11”; ValueError for anything else."""
    first = datetime.strptime(text, "%Y-%m").replace(tzinfo=zones.house()).date()
    return Span(_midnight(first), _midnight(_next(first, MONTH)))


def _first(day: date, by: str) -> date:
    return day.replace(day=1) if by == MONTH else day - timedelta(days=day.weekday())


def _next(day: date, by: str) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) if by == MONTH else day + timedelta(days=7)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), zones.house())


def _label(at: datetime, by: str) -> str:
    local = zones.in_house(at)
    return f"{local:%Y-%m}" if by == MONTH else f"{local:%d %b}"
