"""Bar charts as plain numbers, for an inline SVG of our own: no script, no style attribute, a table beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from incidents.objectives.figures import Figures
from smsops.text import count_text

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 360, 150, 46, 14, 20, 10
LABELS = 6  # under the bars at most, so that they are legible on a phone
Trend = Sequence[tuple[str, Figures]]


def short(seconds: float) -> str:
    """A time in as little room as an axis has: `40 s`, `12 min`, `3.5 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


@dataclass(frozen=True)
class Bar:
    """One bar, in the units of the drawing."""

    label: str
    told: str
    x: float
    y: float
    middle: float
    width: float
    height: float
    tone: str
    shown: bool  # whether its label is written


@dataclass(frozen=True)
class Chart:
    """A chart and the table beside it. `line`: the height of the target, with its words."""

    key: str
    title: str
    summary: str
    bars: Sequence[Bar]
    top: str
    target: str = ""
    line: float | None = None
    base: float = field(default=HEIGHT - BOTTOM)

    @property
    def box(self) -> str:
        return f"0 0 {WIDTH} {HEIGHT}"

    @property
    def right(self) -> int:
        return WIDTH - RIGHT


@dataclass(frozen=True)
class Series:
    """What a chart shows of each bucket, and in what tone."""

    key: str
    title: str
    value: Callable[[Figures], float | None]
    told: Callable[[float], str] = short
    target: Callable[[Figures], float | None] = lambda found: None
    tone: Callable[[Figures], str] = lambda found: ""


SERIES = (
    Series("mttr", "Mean time to repair", lambda found: found.figures["mttr"].mean,
           target=lambda found: found.figures["mttr"].target.seconds, tone=lambda found: found.figures["mttr"].band),
    Series("rpo", "Age of the newest backup, nine tenths of the time", lambda found: found.figures["rpo"].most,
           target=lambda found: found.figures["rpo"].target.seconds, tone=lambda found: found.figures["rpo"].band),
    Series("away", "Time in which SMS did not serve", lambda found: found.away,
           tone=lambda found: "red" if found.away else ""),
    Series("incidents", "Incidents", lambda found: float(found.incidents), told=lambda value: f"{value:.0f}"),
)  # fmt: skip


def of(trend: Trend) -> list[Chart]:
    """The charts of a trend; none where there is nothing to compare."""
    return [_chart(series, trend) for series in SERIES] if trend else []


def _chart(series: Series, trend: Trend) -> Chart:
    values = [series.value(found) for _, found in trend]
    target = series.target(trend[-1][1])
    known = [value for value in values if value is not None]
    top = max([*known, target or 0, 1e-9])
    scale = (HEIGHT - BOTTOM - TOP) / top
    bars = _bars(series, trend, values, scale)
    least, most = (series.told(min(known)), series.told(max(known))) if known else ("—", "—")
    return Chart(
        key=series.key,
        title=series.title,
        summary=f"{series.title}, {count_text(len(trend), 'bar')}, from {least} to {most}.",
        bars=bars,
        top=series.told(top) if known or target else "",
        target=f"target {series.told(target)}" if target else "",
        line=round(HEIGHT - BOTTOM - target * scale, 1) if target else None,
    )


def _bars(series: Series, trend: Trend, values: Sequence[float | None], scale: float) -> list[Bar]:
    step = (WIDTH - LEFT - RIGHT) / len(trend)
    every = -(-len(trend) // LABELS)
    found = []
    for at, ((label, figures), value) in enumerate(zip(trend, values, strict=True)):
        height = round((value or 0) * scale, 1)
        height = max(height, 1.5) if value else 0.0  # what is there is seen
        x, y = round(LEFT + at * step + step * 0.15, 1), round(HEIGHT - BOTTOM - height, 1)
        told = series.told(value) if value is not None else "—"
        shown = (len(trend) - 1 - at) % every == 0
        middle, width = round(LEFT + (at + 0.5) * step, 1), round(step * 0.7, 1)
        found.append(Bar(label, told, x, y, middle, width, height, series.tone(figures), shown))
    return found
