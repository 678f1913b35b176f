"""JSON that every reader reads alike.

The engine takes a key in any case, and the last of two. What could be read in two ways is refused.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from smsops.door.verdicts import Refused


def loads(text: bytes | str) -> Any:
    """The value; Refused when it is no JSON, or holds a key twice (also in another case), or a number that is none."""
    try:
        return json.loads(
            text.decode("utf-8", "strict") if isinstance(text, bytes) else text,
            object_pairs_hook=_once,
            parse_constant=_no_number,
        )
    except (ValueError, RecursionError):
        raise Refused("a body or filter that is not JSON") from None


def dumps(value: Any) -> str:
    """The one way in which it is written."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen = set()
    for key, _ in pairs:
        if key.casefold() in seen:
            raise Refused(f"the key {key[:60]!r} twice in one object")
        seen.add(key.casefold())
    return dict(pairs)


def _no_number(name: str) -> NoReturn:
    raise Refused(f"the number {name}")
