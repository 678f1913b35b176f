"""The sweep: rings for every unfinished run that nobody works on. Lost messages, killed workers, a flushed broker and
a reboot all heal here and nowhere else. Requests that nobody decided on end here as well."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.fields import CharField
from django.db.models.functions import Cast, Concat, Now
from django.utils import timezone

from smsops import wall_clock
from smsops.models import ACTIVE, FINAL, Lease, Run
from smsops.runs import approvals, leases
from smsops.runs.bell import ring

RING_LASTS = 30.0  # seconds; the sweep rings again anyhow, and a queue without workers must not fill
MOST = 100  # rings into one queue at one sweep
LONGEST = timedelta(minutes=5)  # that a run puts off its next tick
UNDER_WAY = Q(state__in=ACTIVE) | Q(state__in=FINAL, end_announced=False)


def overdue() -> QuerySet[Run]:
    """Runs whose next tick is due and whose lease nobody holds, oldest first."""
    scope = Concat(Value("environment:"), Cast(OuterRef("environment_id"), CharField()))
    alone = Concat(Value("run:"), Cast(OuterRef("pk"), CharField()))
    held = Lease.objects.filter(expires_at__gt=Now())
    return (
        Run.objects.filter(UNDER_WAY)
        .filter(next_tick_at__lte=timezone.now())
        .exclude(Q(exclusive=True) & Exists(held.filter(scope=scope)))
        .exclude(Q(exclusive=False) & Exists(held.filter(scope=alone)))
        .select_related("environment")
        .order_by(F("next_tick_at").asc(), "pk")
    )


def unattended(run: Run) -> bool:
    """Whether the run is due and nobody who may still live holds it."""
    leases.release_dead(scope=run.lease_scope)
    return overdue().filter(pk=run.pk).exists()


def sweep() -> int:
    """Ring for overdue runs, the oldest first; return how many there were. Where very many wait in one queue, its
    workers are what is lacking: more rings would only keep them from the work."""
    leases.release_dead()
    approvals.expire()
    wall_clock.bring_back(Run.objects.filter(UNDER_WAY), "next_tick_at", LONGEST)
    runs, rung = list(overdue()), Counter[str]()
    for run in runs:
        rung[run.environment.queue] += 1
        if rung[run.environment.queue] <= MOST:
            ring(run, expires=RING_LASTS)
    return len(runs)
