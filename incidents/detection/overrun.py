"""How long a change of ours may keep SMS away before that is trouble (I1): as long as its kind takes, and no longer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from incidents import fingerprints
from incidents.detection import thresholds
from incidents.models import Severity
from incidents.services.incidents import Sign
from smsops import zones
from smsops.health import Health
from smsops.models import ACTIVE, Environment, Phase, Run
from smsops.runs import history
from smsops.text import seconds_text


@dataclass(frozen=True)
class Change:
    """A run that disturbs SMS, until when that is expected, and why so long."""

    run: Run
    until: datetime
    why: str

    def over(self, now: datetime) -> bool:
        return now >= self.until


def changes(environment: Environment) -> list[Change]:
    """Those under way."""
    runs = Run.objects.filter(environment=environment, disturbs=True, state__in=ACTIVE).select_related("environment")
    return [_expected(run) for run in runs]


def excuse(environment: Environment, now: datetime | None = None) -> str:
    """The change that excuses now that SMS is away or slow; empty where none does, or one takes too long."""
    known, now = changes(environment), now or timezone.now()
    if not known or any(change.over(now) for change in known):
        return ""
    return f"{known[0].run.title} (run {known[0].run.pk}) is under way"


def excuses(environments: Collection[Environment], now: datetime) -> dict[int, str]:
    """The same of many that something is under way at, by their numbers."""
    busy = Run.objects.filter(environment__in=environments, disturbs=True, state__in=ACTIVE)
    numbers = set(busy.values_list("environment_id", flat=True))
    return {each.pk: excuse(each, now) for each in environments if each.pk in numbers}


def last_end(environment: Environment) -> datetime | None:
    """The end of the last one: what the engine and SMS tell from before it was ours."""
    last = Run.objects.filter(environment=environment, disturbs=True, finished_at__isnull=False)
    return last.order_by("-finished_at").values_list("finished_at", flat=True).first()


def of_change(change: Change, seen: Health) -> Sign:
    """What it means that a change takes too long: as bad as SMS is meanwhile."""
    run = change.run
    bad = seen.status in ("down", "unhealthy")
    step = run.steps.filter(finished_at__isnull=True, started_at__isnull=False).first()
    at = f" It is at “{step.title}”." if step is not None else ""
    detail = f"It was to be over by {zones.kept(change.until, seconds=True)}: {change.why}.{at} {seen.detail}"
    severity = Severity.CRITICAL if bad else Severity.HIGH
    return Sign(fingerprints.RUN.of(run.pk), severity, f"{run.title} takes too long", detail)


def _expected(run: Run) -> Change:
    """Nine in ten of its kind took at most so long (with a floor); before there were any, the RTO. SMS itself may be
    away for the RTO at most, whatever was prepared before."""
    environment = run.environment
    rto, began = timedelta(minutes=environment.rto_minutes), run.started_at or timezone.now()
    strategy = {"strategy": run.params["strategy"]} if "strategy" in run.params else {}
    known = history.estimate(environment, run.kind, **strategy)
    bound = max(timedelta(seconds=known.most), thresholds.of(environment).overrun) if known else rto
    touched = run.steps.filter(phase__in=[Phase.EXECUTE, Phase.VALIDATE], started_at__isnull=False)
    first = touched.order_by("started_at").values_list("started_at", flat=True).first()
    until = min(began + bound, first + rto) if first else began + bound
    why = f"{known.count} of its kind hardly took more than {seconds_text(known.most)}" if known else "that is the RTO"
    return Change(run, until, why)
