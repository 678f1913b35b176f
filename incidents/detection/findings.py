"""What a slower look found out, and what follows: believed after so many times in a row, over when it is well (I1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from incidents.detection import causes, flapping
from incidents.services import incidents
from incidents.services.incidents import Sign
from smsops.models import Environment

Memory = dict[str, Any]


@dataclass(frozen=True)
class Finding:
    """About one thing that may be wrong: a sign of it, or in `well` that nothing is; neither: nobody can tell now. A
    sign is believed when it came `needs` times in a row. `since`: since when it is well, where that is known."""

    fingerprint: str
    sign: Sign | None = None
    well: str = ""
    needs: int = 1
    since: datetime | None = None


def follow(environment: Environment, finding: Finding, memory: Memory) -> bool:
    """Open, join or end the incident about it. Whether to look again soon."""
    doubts, well = memory.setdefault("doubts", {}), memory.setdefault("well", {})
    key = finding.fingerprint
    if finding.sign is not None:
        well.pop(key, None)
        doubts[key] = doubts.get(key, 0) + 1
        if doubts[key] < finding.needs:
            return True
        causes.report(environment, finding.sign)
        return finding.needs > 1  # what may change any moment
    if finding.well:
        doubts.pop(key, None)
        return _end(environment, finding, well)
    return False


def _end(environment: Environment, finding: Finding, well: dict[str, str]) -> bool:
    live = incidents.live(environment, finding.fingerprint)
    if live is None:
        well.pop(finding.fingerprint, None)
        return False
    first = datetime.fromisoformat(well.setdefault(finding.fingerprint, timezone.now().isoformat()))
    return not flapping.end(live, finding.well, finding.since or first)
