"""The four figures in words: the value, from how many, and how it was counted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from deployments.operations.dora import Figures
from smsops.text import count_text, seconds_text


@dataclass(frozen=True)
class Said:
    """One figure for people."""

    name: str
    value: str
    counted: str


def said(figures: Figures) -> list[Said]:
    """All four, in DORA's order."""
    days = f"the last {count_text(figures.days, 'day')}"
    bad = f"; {figures.still_bad} of them not good again yet, and not in the figure" if figures.still_bad else ""
    return [
        Said("Deployment frequency", frequency(figures), f"Deploys that succeeded in {days}: {figures.deploys}."),
        Said(
            "Lead time for changes",
            seconds_text(figures.lead_seconds),
            f"Half of {count_text(figures.lead_n, 'release')} took at most so long from the commit of the tag to the "
            f"first deploy here, in {days}. Releases whose commit is not known are left out.",
        ),
        Said(
            "Change failure rate",
            rate(figures),
            f"Deploys in {days} that were undone, or followed within 24 hours by a rollback or restore: "
            f"{figures.failed} of {figures.changes} that touched SMS.",
        ),
        Said(
            "Time to restore",
            seconds_text(figures.restore_seconds),
            f"Half of {count_text(figures.restore_n, 'disturbance')} took at most so long, from the failed deploy or "
            f"the first sign until SMS was good again, in {days}{bad}.",
        ),
    ]


def frequency(figures: Figures) -> str:
    """`2.3 a week`."""
    return f"{figures.per_week:.1f} a week"


def rate(figures: Figures) -> str:
    """`8 %`; a dash where nothing was deployed."""
    return "—" if figures.failure_rate is None else f"{figures.failure_rate:.0%}".replace("%", " %")


def two_lines(figures: Figures) -> tuple[str, str]:
    """For the dashboard."""
    lead = f", {seconds_text(figures.lead_seconds)} from commit to deploy" if figures.lead_n else ""
    first = f"{count_text(figures.deploys, 'deploy')} in {figures.days} days ({frequency(figures)}){lead}."
    back = f", good again after {seconds_text(figures.restore_seconds)}" if figures.restore_n else ""
    return first, f"{figures.failed} of {count_text(figures.changes, 'change')} failed ({rate(figures)}){back}."


def as_data(figures: Figures) -> dict[str, Any]:
    """The figures as JSON, with how each was counted."""
    return asdict(figures) | {
        "deploys_per_week": figures.per_week,
        "change_failure_rate": figures.failure_rate,
        "says": [asdict(each) for each in said(figures)],
    }
