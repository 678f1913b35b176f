"""What is wrong with smsops itself and stays so until a person does something: rooms say of what it may be.

Whoever may see it reads it on every page and on the dashboard; `ops status` and the figures tell it, and people are
paged. That beat or the workers are dead is none of these: nobody would be left to page anybody (docs/self-watch.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from smsops.remembered import Remembered


@dataclass(frozen=True)
class Trouble:
    """One of them. `ask` says what is wrong in a sentence, in a question or two; empty while nothing is."""

    name: str  # in figures and keys, for ever
    called: str
    permission: str  # of whoever may read of it
    ask: Callable[[], str]
    page: str  # of the admin, where there is more to read
    lately: Remembered = field(init=False)  # the same for pages

    def __post_init__(self) -> None:
        object.__setattr__(self, "lately", Remembered(f"ask after the {self.called.lower()}", self.ask))


_KNOWN: dict[str, Trouble] = {}


def add(trouble: Trouble) -> None:
    """Make one known; twice is fine."""
    _KNOWN[trouble.name] = trouble


def known() -> list[Trouble]:
    """All of them, whether anything is wrong or not."""
    return [_KNOWN[name] for name in sorted(_KNOWN)]


def found() -> list[tuple[Trouble, str]]:
    """What is wrong now, with its sentence."""
    return [(each, said) for each in known() if (said := each.ask())]


def seen_by(user: Any) -> list[tuple[Trouble, str]]:
    """The same as it was a few seconds ago, as far as this person may read of it; it costs a page no question."""
    seen = [each for each in known() if user.has_perm(each.permission)]
    return [(each, said) for each in seen if (said := each.lately())]
