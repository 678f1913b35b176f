"""Makes a screenshot small: a PNG with a palette, by nothing but the standard library."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 128
Pixel = tuple[int, int, int]


def reduced(png: bytes) -> bytes:
    """The same picture in at most `COLOURS` colours, those it has most of; the rest become their nearest."""
    width, rows = _decoded(png)
    chosen = [colour for colour, _ in Counter(pixel for row in rows for pixel in row).most_common(COLOURS)]
    places = {colour: place for place, colour in enumerate(chosen)}
    for pixel in {pixel for row in rows for pixel in row} - places.keys():
        places[pixel] = min(range(len(chosen)), key=lambda place: _distance(chosen[place], pixel))
    lines = b"".join(b"\0" + bytes(places[pixel] for pixel in row) for row in rows)
    head = struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", bytes(part for colour in chosen for part in colour)))
    return SIGNATURE + b"".join(_chunk(*part) for part in (*parts, (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")))


def _distance(one: Pixel, other: Pixel) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def _decoded(png: bytes) -> tuple[int, list[list[Pixel]]]:
    """Width and pixels of what Chromium makes: eight bits, with or without transparency, not interlaced."""
    parts = list(_chunks(png))
    width, height, depth, kind, *_ = struct.unpack(">IIBBBBB", parts[0][1])
    if (depth, kind) not in ((8, 2), (8, 6)):
        raise ValueError("This is no picture of Chromium's.")
    size = 3 if kind == 2 else 4
    data = zlib.decompress(b"".join(content for name, content in parts if name == b"IDAT"))
    before, rows, length = bytearray(width * size), [], width * size + 1
    for number in range(height):
        line = data[number * length : (number + 1) * length]
        before = _unfiltered(line[0], bytearray(line[1:]), before, size)
        rows.append(list(zip(before[0::size], before[1::size], before[2::size], strict=True)))
    return width, rows


def _unfiltered(kind: int, line: bytearray, above: bytearray, size: int) -> bytearray:
    """The line as it was before its filter; see the PNG specification, chapter 9."""
    if kind == 2:
        return bytearray((a + b) & 255 for a, b in zip(line, above, strict=True))
    for at in range(len(line)) if kind else ():
        left, corner = (line[at - size], above[at - size]) if at >= size else (0, 0)
        guess = {1: left, 3: (left + above[at]) // 2}.get(kind) if kind != 4 else _paeth(left, above[at], corner)
        line[at] = (line[at] + (guess or 0)) & 255
    return line


def _paeth(left: int, above: int, corner: int) -> int:
    first = left + above - corner
    return min((left, above, corner), key=lambda each: abs(first - each))
