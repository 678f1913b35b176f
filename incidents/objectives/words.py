"""Figures in words and as plain values."""

from __future__ import annotations

from typing import Any

from incidents.documents.parts import Part, Word
from incidents.models import Severity
from incidents.objectives.figures import Figure, Figures
from smsops.text import count_text, seconds_text

HEAD = ("Objective", "Status", "Target", "Runbook's mean", "Half", "Nine in ten", "n", "Owner")
EXPLAINED = {
    "rto": "From detection until users were served again, of incidents in which SMS did not serve.",
    "rpo": "How old the newest good backup was, at every moment of that time; n counts the backups.",
    "mttr": "From detection to resolution, of every incident that is over.",
    "mtbf": "Time in which SMS served, by failure; half and nine in ten of the times between were at least so long.",
    "mtta": "From detection until somebody had it.",
    "mttd": "From the beginning to detection, where the beginning is known.",
}


def target_text(figure: Figure) -> str:
    """`≤ 20 min`, `≥ 720 h`; a dash for none."""
    target = figure.target
    if target.seconds is None:
        return "—"
    return f"≥ {target.seconds / 3600:g} h" if target.at_least else f"≤ {target.seconds / 60:g} min"


def value_text(figure: Figure, seconds: float | None) -> str:
    """A time as it is usual for that figure: hours between failures, else minutes and seconds."""
    if seconds is not None and figure.target.at_least:
        return f"{seconds / 3600:,.1f} h"
    return seconds_text(seconds)


def line(figure: Figure) -> list[str]:
    """One figure, in the order of HEAD."""
    values = (figure.mean, figure.half, figure.most)
    status = Word(figure.band) if figure.band else "no target" if figure.target.seconds is None else "not measured"
    times = [value_text(figure, each) for each in values]
    return [figure.target.title, status, target_text(figure), *times, f"{figure.count:,}", figure.target.owner]


def table(found: Figures, title: str = "Objectives", key: str = "objectives") -> Part:
    """All figures of a window."""
    return Part(key, title, notes(found), HEAD, [line(figure) for figure in found.figures.values()])


def drills(found: Figures) -> Part:
    """The times of the drills: they say nothing of uptime or backups."""
    rows = [line(found.figures[key]) for key in ("rto", "mttr", "mtta")]
    lines = [f"{count_text(found.incidents, 'drill')}, in no figure above."]
    return Part("drills", "Drills", lines, HEAD, rows)


def notes(found: Figures) -> list[str]:
    """What the table alone would not say."""
    levels = [f"{found.by_severity[level]} {level.label.lower()}" for level in Severity if found.by_severity.get(level)]
    told = f" ({', '.join(levels)})" if levels else ""
    served = f"SMS served {uptime(found)} of the time, away for {seconds_text(found.away)}"
    failures = count_text(found.failures, "failure")
    said = [f"{count_text(found.incidents, 'incident')}{told}, {failures}; {served}."]
    said += [f"{each.target.title}: {each.note}." for each in found.figures.values() if each.note]
    if found.open:
        said.append(f"{count_text(found.open, 'incident')} not over yet: in no time to repair.")
    if found.left_out:
        said.append(f"{count_text(found.left_out, 'incident')} left out: the clocks contradict each other.")
    return said


def uptime(found: Figures) -> str:
    """`99.972 %`."""
    return "—" if found.uptime is None else f"{found.uptime:.3%}".replace("%", " %")


def as_data(found: Figures) -> dict[str, Any]:
    """A window's figures as JSON; seconds."""
    return {
        "from": found.window.begin,
        "to": found.window.end,
        "incidents": found.incidents,
        "by_severity": dict(found.by_severity),
        "failures": found.failures,
        "open": found.open,
        "left_out": found.left_out,
        "away_seconds": found.away,
        "uptime": found.uptime,
        "objectives": {
            key: {
                "target_seconds": figure.target.seconds,
                "mean_seconds": figure.mean,
                "p50_seconds": figure.half,
                "p90_seconds": figure.most,
                "n": figure.count,
                "status": figure.band or None,
                "owner": figure.target.owner,
                "note": figure.note,
            }
            for key, figure in found.figures.items()
        },
    }


def drill_data(found: Figures) -> dict[str, Any]:
    """The drills of a window as JSON."""
    data = as_data(found)
    kept = {key: data["objectives"][key] for key in ("rto", "mttr", "mtta")}
    return {"drills": found.incidents, "objectives": kept}
