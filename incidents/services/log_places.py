"""How far an instance's output was taken, so that whoever goes on takes each line once, and none again."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import timedelta
from typing import Any, Protocol

from django.conf import settings

from smsops.runtimes.base import LogLine
from smsops.runtimes.docker_views import when

OVERLAP = timedelta(seconds=2)  # two streams of one instance may be a little out of order
MOST_SEEN = 5_000


class Place(Protocol):
    """`seen` are the times and keyed digests of the lines from `overlap_from` on: what was taken and may come again."""

    overlap_from: str
    taken_until: str
    seen: Any


def known(left: Counter[str], line: LogLine) -> bool:
    """Whether the line was taken before; each time only as often as it was. `left` begins as `taken` has it."""
    name = _digest(line)
    if left[name] <= 0:
        return False
    left[name] -= 1
    return True


def taken(place: Place) -> Counter[str]:
    """What was taken and may come again, by digest."""
    return Counter(digest for _, digest in place.seen)


def advance(place: Place, lines: list[LogLine]) -> None:
    """Move the place up to which lines were taken, and remember those that may come again."""
    if not lines:
        return
    place.taken_until = max(place.taken_until, max(line.at for line in lines))
    end = when(place.taken_until)
    assert end is not None
    border = (end - OVERLAP).strftime("%Y-%m-%dT%H:%M:%S.%f")
    seen = sorted([*map(tuple, place.seen), *((line.at, _digest(line)) for line in lines if line.at >= border)])
    if len(seen) > MOST_SEEN:
        border = max(border, seen[-MOST_SEEN][0])
    place.overlap_from = border
    place.seen = [[at, digest] for at, digest in seen if at >= border]


def _digest(line: LogLine) -> str:
    key = hashlib.sha256(settings.FIELD_KEY.encode()).digest()
    return hashlib.blake2b(f"{line.at} {line.text}".encode(), digest_size=8, key=key).hexdigest()
