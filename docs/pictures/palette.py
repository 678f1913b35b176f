"""Makes pictures smaller with Pillow where it is installed; otherwise they stay as they are."""

from __future__ import annotations

import importlib
import io

COLOURS = 128


def reduced(png: bytes) -> bytes:
    """The same picture with a palette."""
    try:
        image = importlib.import_module("PIL.Image")
    except ImportError:
        return png
    small, out = image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS), io.BytesIO()
    small.save(out, "PNG", optimize=True)
    return min(png, out.getvalue(), key=len)
