"""What a room says in a section of the runbook: plain values, whatever they are shown as later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class Verdict(str):
    """A word within a cell, like “pass”; pages show it as a badge."""

    __slots__ = ()

    @property
    def badge(self) -> bool:
        return True


@dataclass(frozen=True)
class Fact:
    """One thing that is known now. `word` is its verdict, like “fail”; empty where it has none."""

    label: str
    value: str
    word: str = ""
    url: str = ""


@dataclass(frozen=True)
class Link:
    """A page where something of this is done or seen, for who has the permission (`app.codename`)."""

    label: str
    url: str
    permission: str


@dataclass(frozen=True)
class Block:
    """What one room says in one section. `doors` are names of buttons on the environment's page, `commands` lines for
    a terminal with smsops, `by_hand` lines for one without: for the night in which smsops itself is down."""

    facts: Sequence[Fact] = ()
    lines: Sequence[str] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    doors: Sequence[str] = ()
    links: Sequence[Link] = ()
    commands: Sequence[str] = ()
    by_hand: Sequence[str] = ()
