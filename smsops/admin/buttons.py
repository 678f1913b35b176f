"""The row of buttons on an object's page: the foremost in sight, all others under “More”."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Button:
    """One that is drawn: a link, or, where there is an `obstacle`, the reason why it is none. `place` counts the
    foremost from 1; 0 is none of them."""

    label: str
    url: str
    tone: str = ""
    obstacle: str = ""
    place: int = 0


@dataclass(frozen=True)
class Row:
    """Where no button has a place, all of them are in sight."""

    foremost: tuple[Button, ...] = ()
    more: tuple[Button, ...] = ()

    def usable(self) -> Row:
        """Only the buttons nothing stands in the way of: an object with many doors has few open at a time."""
        return Row(*(tuple(each for each in part if not each.obstacle) for part in (self.foremost, self.more)))

    @property
    def obstacles(self) -> list[str]:
        """What stands in the way of those in sight, each once: a finger cannot point at a button to read it."""
        return list(dict.fromkeys(each.obstacle for each in self.foremost if each.obstacle))


def row(buttons: Iterable[Button]) -> Row:
    """Those with a place in its order, the rest as they come, the dangerous ones last."""
    drawn = list(buttons)
    placed = sorted((each for each in drawn if each.place), key=lambda each: each.place)
    if not placed:
        return Row(tuple(drawn))
    rest = sorted((each for each in drawn if not each.place), key=lambda each: each.tone == "danger")
    return Row(tuple(placed), tuple(rest))
