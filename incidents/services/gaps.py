"""Whom a page would not reach if trouble began now: said before it begins, and not found out by it (I5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from incidents.models import EscalationPolicy, Issue, Severity
from incidents.services import policies, recipients
from incidents.services.recipients import Reached
from smsops.models import Environment


@dataclass
class Gaps:
    """`nobody`: kinds of trouble of which nobody would hear; `more`: what else does not work, in sentences."""

    nobody: list[str] = field(default_factory=list)
    more: list[str] = field(default_factory=list)

    @property
    def headline(self) -> str:
        """The worst of it in a sentence; empty when every kind of trouble reaches somebody."""
        return f"A page would reach nobody: {', '.join(self.nobody)}." if self.nobody else ""


def find(now: datetime, severity: str = Severity.CRITICAL) -> Gaps:
    """What is missing, for trouble so bad."""
    gaps, usable = Gaps(), policies.usable()
    used = _used(usable, gaps)
    seen: dict[str, Reached] = {}
    for policy in usable:
        if policy.pk not in used:
            gaps.more.append(f"“{policy}” is never used: closer ones fit whatever it would be for.")
            continue
        _look_through(policy, severity, now, seen, gaps)
    for policy in EscalationPolicy.objects.filter(enabled=True, levels=None):
        gaps.more.append(f"“{policy}” has no level: it is passed over.")
    return gaps


def _used(usable: list[EscalationPolicy], gaps: Gaps) -> set[int]:
    """Those some incident would get; kinds of trouble that get none go into the gaps."""
    used = set()
    places: list[tuple[int | None, str]] = list(Environment.objects.values_list("pk", "name")) or [(None, "")]
    for issue in Issue:
        for environment_id, name in places:
            policy = policies.closest(usable, environment_id, issue)
            if policy is None:
                gaps.nobody.append(f"“{issue.label}”{f' at {name}' if name else ''} (no policy fits)")
            else:
                used.add(policy.pk)
    return used


def _look_through(policy: EscalationPolicy, severity: str, now: datetime, seen: dict[str, Reached], gaps: Gaps) -> None:
    anybody, said = False, []
    for level in policies.freeze(policy)["levels"]:
        key = str([level[name] for name in ("rotas", "teams", "users", "channels")])
        if key not in seen:
            seen[key] = recipients.of_level(level, severity, now)
        reached = seen[key]
        anybody = anybody or bool(reached.people)
        why = "; ".join(reached.gaps) or "it names nobody"
        if not reached.recipients:
            said.append(f"Level {level['position']} of “{policy}” can reach nobody: {why}.")
        elif reached.gaps:
            said.append(f"Level {level['position']} of “{policy}”: {why}.")
    if anybody:
        gaps.more += said
    else:
        gaps.nobody.append(f"“{policy}”")
