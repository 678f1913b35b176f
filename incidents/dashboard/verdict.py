"""Whether all is well, as a sentence (U3)."""

from __future__ import annotations

from collections.abc import Sequence

from incidents.dashboard.standings import Standing
from smsops.text import count_text


def sentence(standings: Sequence[Standing]) -> str:
    """What is well, where nothing is wrong: only what was really looked at."""
    serving = sum(each.health == "healthy" for each in standings)
    absent = sum(each.health == "absent" for each in standings)
    if serving + absent < len(standings):
        return ""
    if len(standings) == 1:
        (only,) = standings
        where = f"SMS serves at {only.label}" if serving else f"No SMS is installed at {only.label}"
        return f"{where}, and its last good backup is younger than the RPO."
    said = f"SMS serves at {'all ' if not absent else ''}{count_text(serving, 'environment')}"
    said += f", none is installed at {absent}" if absent else ""
    return f"{said}, and every last good backup is younger than its RPO."


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
