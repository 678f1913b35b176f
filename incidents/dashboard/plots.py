"""Plots as plain numbers, for inline SVG of our own: bars (as the objectives have them) and an area that grows (U3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from incidents.objectives.charts import BOTTOM, HEIGHT, LABELS, LEFT, RIGHT, TOP, WIDTH, Bar, Chart
from smsops.text import count_text


@dataclass(frozen=True)
class Point:
    """What one bar, or one step of an area, says: `told` is its value in words."""

    label: str
    value: float | None
    told: str
    tone: str = ""


@dataclass(frozen=True)
class Area:
    """A line with what is below it, in the units of the drawing, and the table beside it."""

    title: str
    summary: str
    line: str
    shape: str
    top: str
    first: str
    last: str
    points: Sequence[Point]
    base: float = HEIGHT - BOTTOM

    @property
    def box(self) -> str:
        return f"0 0 {WIDTH} {HEIGHT}"

    @property
    def right(self) -> int:
        return WIDTH - RIGHT


def bars(key: str, title: str, points: Sequence[Point], target: tuple[float, str] | None = None) -> Chart:
    """A chart of these, oldest first; `target` with its words."""
    known = [point for point in points if point.value is not None]
    top = max([*(point.value or 0.0 for point in known), target[0] if target else 0.0, 1e-9])
    scale = (HEIGHT - BOTTOM - TOP) / top
    highest = max(known, key=lambda point: point.value or 0.0, default=None)
    told = f"at most {highest.told}" if highest is not None else "nothing measured"
    return Chart(
        key=key,
        title=title,
        summary=f"{title}, {count_text(len(points), 'bar')}, {told}.",
        bars=[_bar(at, point, len(points), scale) for at, point in enumerate(points)],
        top=target[1] if target and top == target[0] else highest.told if highest is not None else "",
        target=f"target {target[1]}" if target else "",
        line=round(HEIGHT - BOTTOM - target[0] * scale, 1) if target else None,
    )


def _bar(at: int, point: Point, count: int, scale: float) -> Bar:
    step = (WIDTH - LEFT - RIGHT) / count
    height = max(round(point.value * scale, 1), 1.5) if point.value else 0.0  # what is there is seen
    x, middle = round(LEFT + at * step + step * 0.15, 1), round(LEFT + (at + 0.5) * step, 1)
    shown = (count - 1 - at) % -(-count // LABELS) == 0
    y = round(HEIGHT - BOTTOM - height, 1)
    return Bar(point.label, point.told, x, y, middle, round(step * 0.7, 1), height, point.tone, shown)


def area(title: str, points: Sequence[Point]) -> Area | None:
    """The area below these values, oldest first; None where there is nothing to see."""
    values = [point.value or 0.0 for point in points]
    top = max(values, default=0.0)
    if len(points) < 2 or top <= 0:
        return None
    step, base = (WIDTH - LEFT - RIGHT) / (len(points) - 1), HEIGHT - BOTTOM
    places = [(LEFT + at * step, base - value / top * (base - TOP)) for at, value in enumerate(values)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return Area(
        title=title,
        summary=f"{title}, from {points[0].told} on {points[0].label} to {points[-1].told} on {points[-1].label}.",
        line=line,
        shape=f"{LEFT},{base} {line} {WIDTH - RIGHT},{base}",
        top=max(points, key=lambda point: point.value or 0.0).told,
        first=points[0].label,
        last=points[-1].label,
        points=points,
    )
