"""Whether SMS answers slowly: to smsops itself, and, by the figures it counts, to others (§5.1).

SMS's access log has no times (sms-contract §2, §7). Its `/metrics` has: by handler how many requests there were and how
long they took together, and in most releases how many took more than a second. Where it is off, smsops' own questions
are all there is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from incidents.detection.findings import Finding
from incidents.detection.thresholds import TOO_SLOW
from incidents.fingerprints import SLOW
from incidents.models import Detection, Severity
from incidents.services.incidents import Sign
from smsops import health, wall_clock
from smsops.http import ask
from smsops.models import Environment
from smsops.text import count_text, seconds_text

Slow = list[tuple[str, float]]  # what was slow, as half a sentence, and by how many seconds

EVERY = timedelta(seconds=50)  # between two looks at what SMS has counted
MOST = 300  # series that are remembered
FEW = 3  # requests of one handler whose mean says nothing
_SAMPLE = re.compile(
    r"sms_(?:http_request_duration_seconds_(?P<what>sum|count)|api_slow_requests_total)"
    r"\{(?P<labels>[^}]{0,1000})\}\s+(?P<value>[0-9.eE+]{1,30})"
)
_LABEL = re.compile(r'(handler|endpoint|method)="([^"\0]{0,200})"')


@dataclass
class Figures:
    """What SMS has counted since it was started: seconds and requests by handler, and slow ones by endpoint."""

    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)
    slow: dict[str, float] = field(default_factory=dict)


def look(environment: Environment, limits: Detection, memory: dict[str, Any]) -> list[Finding]:
    """Ask what asks for the database but does little with it, and, once a minute, what SMS has counted since."""
    if not limits.slow_ms:
        return []
    answer = ask(environment.base_url, health.READY, timeout=10)
    if not answer.answered:
        return [Finding(SLOW)]
    return [judge(answer.seconds, _of_others(environment, limits, memory), limits)]


def _of_others(environment: Environment, limits: Detection, memory: dict[str, Any]) -> Slow | None:
    """What was slow since the last minute; None while nobody knows."""
    now, asked = timezone.now(), memory.get("figures_at")
    if asked is not None and wall_clock.lately(datetime.fromisoformat(asked), EVERY, now):
        return None
    figures = read(ask(environment.base_url, "/metrics", timeout=5).body.decode("utf-8", "replace"))
    before, memory["figures"], memory["figures_at"] = memory.get("figures"), vars(figures), now.isoformat()
    return compare(Figures(**before), figures, limits) if before is not None else []


def read(text: str) -> Figures:
    """The figures of a page of SMS's; what is none of them is passed over."""
    found = Figures()
    for sample in list(_SAMPLE.finditer(text))[: 3 * MOST]:
        name = " ".join(value for _, value in sorted(_LABEL.findall(sample["labels"]), reverse=True))
        into = {"sum": found.sums, "count": found.counts, None: found.slow}[sample["what"]]
        into[name] = into.get(name, 0.0) + float(sample["value"])
    return found


def compare(before: Figures, now: Figures, limits: Detection) -> Slow:
    """What was slow in between, as half a sentence, and by how many seconds. A count that fell was begun anew."""
    found = []
    for name, total in _more(before.counts, now.counts).items():
        taken = _more(before.sums, now.sums).get(name, 0.0)
        if total >= FEW and taken / total * 1000 > limits.slow_ms:
            mean = taken / total
            found.append((f"{name} took {seconds_text(mean)} on average ({count_text(round(total), 'request')})", mean))
    if limits.slow_ms <= 1000:  # what SMS itself calls slow
        slow = _more(before.slow, now.slow)
        if (often := round(sum(slow.values()))) >= limits.slow_times:
            worst = max(slow, key=slow.__getitem__)
            found.append((f"SMS counted {count_text(often, 'slow request')}, most of {worst}", 1.0))
    return found


def judge(own: float, others: Slow | None, limits: Detection) -> Finding:
    """What both mean together. smsops' own answers must be slow several times in a row; what SMS counted is many."""
    reasons = [text for text, _ in others or []]
    if own * 1000 > limits.slow_ms:
        reasons.append(f"{health.READY} took {seconds_text(own)}")
    if not reasons:
        well = "" if others is None else f"SMS answers within {seconds_text(limits.slow_ms / 1000)} again."
        return Finding(SLOW, well=well)
    worst = max([own, *(seconds for _, seconds in others or [])])
    severity = Severity.HIGH if worst > TOO_SLOW else Severity.MEDIUM
    detail = f"{'; '.join(reasons[:5])}. Slow is what takes more than {seconds_text(limits.slow_ms / 1000)} here."
    return Finding(SLOW, Sign(SLOW, severity, "SMS is slow", detail), needs=1 if others else limits.slow_times)


def _more(before: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    grown = {name: value - before.get(name, 0.0) for name, value in now.items()}
    return {name: more if more >= 0 else now[name] for name, more in grown.items()}
