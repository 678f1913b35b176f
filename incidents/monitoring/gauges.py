"""Figures for Prometheus: all of them gauges, true at the moment of asking, so that several processes say the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from prometheus_client.core import GaugeMetricFamily

PREFIX = "smsops_"
Value = float | datetime | timedelta | None


class Gauges:
    """Some gauges with the same labels, filled row by row. Labels are names of environments and words of ours: never
    what a person wrote, so that there are few and nothing leaks."""

    def __init__(self, labels: Sequence[str] = (), **told: str) -> None:
        made = {name: GaugeMetricFamily(PREFIX + name, text, labels=labels) for name, text in told.items()}
        self._families: dict[str, GaugeMetricFamily] = made

    def add(self, *labels: str, **values: Value) -> None:
        """One row. Times are seconds since 1970; None is not known, and left out."""
        for name, value in values.items():
            if value is not None:
                self._families[name].add_metric(labels, _number(value))

    def __iter__(self) -> Iterator[GaugeMetricFamily]:
        return iter(self._families.values())


def _number(value: float | datetime | timedelta) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    return value.total_seconds() if isinstance(value, timedelta) else float(value)
