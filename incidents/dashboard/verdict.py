"""Whether all is well, as a sentence (U3)."""

from __future__ import annotations

from collections.abc import Sequence

from incidents.dashboard.standings import Standing
from smsops.text import count_text


def sentence(standings: Sequence[Standing]) -> str:
    """What is well, where nothing is wrong: only what was looked at, and empty where SMS was not seen to serve."""
    if any(each.health != "healthy" for each in standings):
        return ""
    if len(standings) == 1:
        return f"SMS serves at {standings[0].label}, and its last good backup is younger than the RPO."
    where = f"all {count_text(len(standings), 'environment')}"
    return f"SMS serves at {where}, and every last good backup is younger than its RPO."


def counts(standings: Sequence[Standing]) -> str:
    """How many are how, in a line; empty where there is one."""
    if len(standings) < 2:
        return ""
    away, late = sum(each.away for each in standings), sum(each.late for each in standings)
    unseen = sum(not each.fresh for each in standings)
    told = [f"SMS does not serve at {away}" if away else "", f"the RPO is broken at {late}" if late else "",
            f"nobody looks at {unseen}" if unseen else ""]  # fmt: skip
    rest = ", ".join(filter(None, told))
    return f"{count_text(len(standings), 'environment')}" + (f": {rest}." if rest else ", all as they should be.")
