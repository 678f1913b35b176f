"""Which rooms say something in which sections; each room registers its own, so that none below knows one above."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from smsops.errors import OpsError
from smsops.models import Environment
from smsops.runbook.blocks import Block


@dataclass(frozen=True)
class View:
    """Who looks at the runbook of which environment, and when. Without one it is that of all of them."""

    environment: Environment | None
    user: Any
    now: datetime = field(default_factory=timezone.now)

    @property
    def place(self) -> Environment:
        """The environment, for readers that are asked only where there is one."""
        assert self.environment is not None
        return self.environment


Reader = Callable[[View], Mapping[str, Block]]


@dataclass(frozen=True)
class Source:
    """A reader with the sections it speaks in. `permission` is needed to read it, `what` says of what it speaks, like
    “backups”; one that is `general` is asked without an environment as well."""

    numbers: tuple[str, ...]
    what: str
    permission: str
    read: Reader
    general: bool = False


_SOURCES: list[Source] = []


def add(*sources: Source) -> None:
    """Let rooms speak in the runbook, in the order in which they are added."""
    _SOURCES.extend(source for source in sources if source not in _SOURCES)


def read(view: View) -> dict[str, Sequence[Block]]:
    """What is known of every section, by its number. What cannot be asked now says so in its place."""
    found: dict[str, list[Block]] = defaultdict(list)
    for source in _SOURCES:
        if view.environment is not None or source.general:
            for number, block in _asked(source, view).items():
                found[number].append(block)
    return dict(found)


def _asked(source: Source, view: View) -> Mapping[str, Block]:
    if not view.user.has_perm(source.permission):
        return dict.fromkeys(source.numbers, Block(lines=(f"Only those who may see {source.what} see more here.",)))
    try:
        return source.read(view)
    except OpsError as error:
        return dict.fromkeys(source.numbers, Block(lines=(str(error),)))
