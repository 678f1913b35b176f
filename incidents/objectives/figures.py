"""The figures of one environment and one window of time, each with how many it was counted from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from incidents.objectives import bands, exposure
from incidents.objectives.bands import Target
from incidents.objectives.record import Record, Trouble
from incidents.objectives.spans import Span, clip, total, union
from smsops.runs.history import spread


@dataclass(frozen=True)
class Figure:
    """One of them, in seconds. `half` and `most`: half and nine tenths are at most so long; of what should be long
    (`at_least`), half and nine tenths are at least so long. `judged` is what the band goes by."""

    target: Target
    mean: float | None = None
    half: float | None = None
    most: float | None = None
    count: int = 0
    judged: float | None = None
    band: str = ""
    note: str = ""


@dataclass(frozen=True)
class Figures:
    """All of them. `away`: seconds in which SMS did not serve, no moment counted twice."""

    window: Span
    figures: dict[str, Figure]
    incidents: int
    by_severity: dict[str, int]
    failures: int
    away: float
    open: int
    left_out: int

    @property
    def uptime(self) -> float | None:
        """As a share; None for an empty window."""
        return 1 - self.away / self.window.seconds if self.window.seconds > 0 else None


def of(record: Record, window: Span, *, drills: bool = False) -> Figures:
    """The figures of the real incidents that were noticed within the window, or, apart from them, of the drills."""
    window = Span(max(window.begin, min(record.environment.created_at, window.end)), min(window.end, record.until))
    every = record.drills if drills else record.real
    begun = [each for each in every if window.begin <= each.detected < window.end]
    good = [each for each in begun if not each.contradicts]
    outages = _outages(every, record, window)
    figures = {
        "rto": _times(record, "rto", (_between(each.detected, each.served) for each in good if each.failure)),
        "rpo": _exposure(record, window),
        "mttr": _times(record, "mttr", (_between(each.detected, each.resolved) for each in good)),
        "mtbf": _between_failures(record, outages, window),
        "mtta": _times(record, "mtta", (_between(each.detected, each.acknowledged) for each in good)),
        "mttd": _times(record, "mttd", (_between(each.began, each.detected) for each in good)),
    }
    return Figures(
        window=window,
        figures=figures,
        incidents=len(begun),
        by_severity=Counter(each.severity for each in begun),
        failures=len(_begun(outages, window)),
        away=total(clip(outages, window)),
        open=sum(each.resolved is None for each in begun),
        left_out=len(begun) - len(good),
    )


def _between(start: object, end: object) -> float | None:
    return (end - start).total_seconds() if start is not None and end is not None else None  # type: ignore[operator]


def _times(record: Record, key: str, seconds: Iterable[float | None]) -> Figure:
    """Mean, half, nine in ten. The band of the RTO goes by nine in ten, as its table does, others by the mean."""
    target = bands.targets(record.environment)[key]
    taken = [each for each in seconds if each is not None]
    found = spread(taken)
    if found is None:
        return Figure(target)
    mean = fmean(taken)
    judged = found.most if key == "rto" else mean
    return Figure(target, mean, found.half, found.most, found.count, judged, bands.judge(target, judged))


def _exposure(record: Record, window: Span) -> Figure:
    """The band goes by nine tenths of the time; a moment beyond the objective is at best yellow."""
    target = bands.targets(record.environment)["rpo"]
    found = exposure.of(record.backups, window, target.seconds or 0)
    if found is None:
        return Figure(target, note="no backup is known")
    band = bands.judge(target, found.most)
    band = bands.YELLOW if band == bands.GREEN and found.beyond else band
    share = f"{found.beyond / window.seconds:.1%}".replace("%", " %") if window.seconds else ""
    note = f"beyond the objective {share} of the time" if found.beyond else ""
    return Figure(target, found.mean, found.half, found.most, found.count, found.most, band, note)


def _outages(every: Sequence[Trouble], record: Record, window: Span) -> list[Span]:
    """The stretches in which SMS did not serve; those that overlap are one failure."""
    spans = [
        Span(each.began or each.detected, each.served or record.until)
        for each in every
        if each.failure and not each.contradicts and (each.served or record.until) >= (each.began or each.detected)
    ]
    joined = union(spans)
    return [each for each in joined if each.begin < window.end and each.end >= window.begin]


def _begun(outages: Sequence[Span], window: Span) -> list[Span]:
    return [each for each in outages if window.begin <= each.begin < window.end]


def _between_failures(record: Record, outages: Sequence[Span], window: Span) -> Figure:
    """Time in which SMS served, by failure that began. Without a failure it is at least the window: that is said, and
    green only where the window is long enough to say so."""
    target = bands.targets(record.environment)["mtbf"]
    begun = _begun(outages, window)
    served = window.seconds - total(clip(outages, window))
    if not begun:
        enough = served if target.seconds is not None and served >= target.seconds else None
        return Figure(target, judged=enough, band=bands.judge(target, enough), note="no failure in this time")
    gaps = [(after.begin - before.end).total_seconds() for before, after in pairwise(begun)]
    gaps.insert(0, (begun[0].begin - window.begin).total_seconds())
    low = spread(-gap for gap in gaps)
    half, most = (-low.half, -low.most) if low else (None, None)
    mean = served / len(begun)
    return Figure(target, mean, half, most, len(begun), mean, bands.judge(target, mean))
