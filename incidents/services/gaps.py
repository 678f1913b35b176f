"""Whom a page would not reach if trouble began now: said before it begins, and not found out by it (I5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from incidents.models import EscalationPolicy, Issue, Severity
from incidents.services import policies, recipients, rotas
from incidents.services.recipients import Named
from smsops.models import Environment

EVERYTHING = (
    "levels__channels", "levels__users__contacts", "levels__teams__members__contacts",
    *(f"levels__rotas__{each}" for each in rotas.WITH),
)  # fmt: skip


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
    """What is missing, for trouble so bad; in a bounded number of queries."""
    gaps = Gaps()
    enabled = list(EscalationPolicy.objects.filter(enabled=True).prefetch_related(*EVERYTHING))
    usable = [policy for policy in enabled if policy.levels.all()]
    used = _used(usable, gaps)
    for policy in enabled:
        if policy not in usable:
            gaps.more.append(f"“{policy}” has no level: it is passed over.")
        elif policy.pk not in used:
            gaps.more.append(f"“{policy}” is never used: closer ones fit whatever it would be for.")
        else:
            _look_through(policy, severity, now, gaps)
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


def _look_through(policy: EscalationPolicy, severity: str, now: datetime, gaps: Gaps) -> None:
    anybody, said = False, []
    for level in policy.levels.all():
        named = Named(level.rotas.all(), level.teams.all(), level.users.all(), level.channels.all())
        reached = recipients.reached(named, severity, now)
        anybody = anybody or bool(reached.people)
        why = "; ".join(reached.gaps) or "it names nobody"
        if not reached.recipients:
            said.append(f"Level {level.position} of “{policy}” can reach nobody: {why}.")
        elif reached.gaps:
            said.append(f"Level {level.position} of “{policy}”: {why}.")
    if anybody:
        gaps.more += said
    else:
        gaps.nobody.append(f"“{policy}”")
