"""In which order the ways are told, and which one is recommended: the gentlest that still fits. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from incidents.clock.ways import Way


@dataclass(frozen=True)
class Choice:
    """The recommended way with its reason, and whether it still fits; None where none is open."""

    way: Way | None
    reason: str
    fits: bool = False


def ordered(ways: Sequence[Way]) -> list[Way]:
    """Those that fit, the gentlest first; those that are too late, the fastest first; then what is not known or closed.
    A rollback that takes a backup's data is left out where a gentler rollback is open."""
    gentler = any(way.open and way.kind.key in ("rollback_code", "rollback_schema") for way in ways)
    return sorted((way for way in ways if not (gentler and way.kind.key == "rollback_data")), key=_place)


def _place(way: Way) -> tuple[int, float, float]:
    if way.fits:
        return (1 if way.doubt else 0, *way.gentleness)
    if way.open:
        return (2, float(bool(way.doubt)), way.expected.half)
    return (3 if way.open is None else 4, *way.gentleness)


def choose(ways: Sequence[Way]) -> Choice:
    """Of ways in their order."""
    usable = [way for way in ways if way.open and not way.doubt]
    fitting = [way for way in usable if way.fits]
    if fitting:
        return Choice(fitting[0], _because(fitting[0], ways), fits=True)
    late = usable or [way for way in ways if way.open]
    if not late:
        return Choice(None, "No way back is open." if any(way.open is False for way in ways) else "")
    fastest = min(late, key=lambda way: way.expected.half)
    return Choice(fastest, f"Of those that are open it is the fastest. {fastest.doubt}".strip())


def _because(way: Way, ways: Sequence[Way]) -> str:
    """Why this one: what it costs, and what became of the gentler ones."""
    costs = "It is the gentlest that is open and still fits."
    passed = [each for each in ways if each.gentleness < way.gentleness]
    told = [f"{each.kind.title}: {_against(each)}" for each in sorted(passed, key=lambda each: each.gentleness)]
    return " ".join([costs, *told])


def _against(way: Way) -> str:
    if way.open and way.doubt:
        return way.doubt
    if way.open:
        return "too late."
    return "not open." if way.open is False else "whether it is open is not known."
