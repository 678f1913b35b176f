"""Makes a screenshot small: a PNG with a palette."""

from __future__ import annotations

import io
from collections import Counter

from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 128
Pixel = tuple[int, ...]


def reduced(png: bytes) -> bytes:
    """The same picture in at most `COLOURS` colours, those it has most of; the rest become their nearest."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    data = picture.tobytes()
    pixels = list(zip(data[0::3], data[1::3], data[2::3], strict=True))
    counted = Counter(pixels)
    chosen = [colour for colour, _ in counted.most_common(COLOURS)]
    places = {colour: place for place, colour in enumerate(chosen)}
    for pixel in counted.keys() - places.keys():
        places[pixel] = min(range(len(chosen)), key=lambda place: _distance(chosen[place], pixel))
    small, made = Image.frombytes("P", picture.size, bytes(map(places.__getitem__, pixels))), io.BytesIO()
    small.putpalette([part for colour in chosen for part in colour])
    small.save(made, "PNG", optimize=True)
    return made.getvalue()


def _distance(one: Pixel, other: Pixel) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
