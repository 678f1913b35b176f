"""Which releases ran one after the other, as somebody who goes back sees it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Move(NamedTuple):
    """One change of image that succeeded: image ids, whether it went back, and whether it is the same release, built
    anew."""

    left: str
    reached: str
    back: bool
    anew: bool = False


def trail(moves: Iterable[Move]) -> Sequence[str]:
    """Image ids, the oldest first. Whoever goes back takes the releases that were left off the trail, so going back
    twice leads two releases back, and never forward again to the one that was fled from."""
    found: list[str] = []
    for left, reached, back, anew in moves:
        if left and found[-1:] != [left]:  # it came there without smsops, or by a restore
            found.append(left)
        if anew:
            found = [reached if each == left else each for each in found]
        elif back:
            found = _up_to(reached, found[:-1]) or [reached]
        elif found[-1:] != [reached]:
            found.append(reached)
    return found


def before(here: str, found: Sequence[str]) -> str:
    """What ran before `here`; empty when nothing is known of that."""
    return next((each for each in reversed(_up_to(here, found)[:-1]) if each != here), "")


def _up_to(image_id: str, found: Sequence[str]) -> list[str]:
    last = next((place for place in range(len(found), 0, -1) if found[place - 1] == image_id), 0)
    return list(found[:last])
