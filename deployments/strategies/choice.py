"""Which way leads back to a release: the gentlest that is open, and what each costs (runbook §4, D8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from smsops.errors import WrongUse


class Strategy(StrEnum):
    """From the gentlest to the hardest."""

    CODE = "code"  # only the release goes back; the data stays as it is (§4.1)
    SCHEMA = "schema"  # the newer release takes its migrations back, on a copy (§4.2A)
    RESTORE = "restore"  # the data goes back to a backup the release knows (§4.2B)


AUTO = "auto"
TITLES = {
    Strategy.CODE: "Only the release",
    Strategy.SCHEMA: "The release and the schema",
    Strategy.RESTORE: "The release and the data of a backup",
}


@dataclass(frozen=True)
class WayBack:
    """One way: whether it is `open`, `why` in a sentence, what it `costs` (sentences; none: no data is lost), and how
    long it is expected to take."""

    strategy: Strategy
    open: bool
    why: str
    costs: tuple[str, ...] = ()
    takes: str = ""

    @property
    def title(self) -> str:
        return TITLES[self.strategy]


def choose(ways: Sequence[WayBack], wanted: str, release: str) -> WayBack:
    """The way that is `wanted`, or, with “auto”, the first that is open. WrongUse, saying why, when there is none."""
    if wanted != AUTO:
        way = next((each for each in ways if each.strategy == wanted), None)
        if way is None:
            known = ", ".join([AUTO, *Strategy])
            raise WrongUse(f"“{wanted}” is no way back; known are {known}.")
        if not way.open:
            raise WrongUse(f"“{way.title}” does not lead back to {release}: {way.why}")
        return way
    for way in ways:
        if way.open:
            return way
    reasons = " ".join(f"{each.title}: {each.why}" for each in ways)
    raise WrongUse(f"No way leads back to {release}. {reasons}")
