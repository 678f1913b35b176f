"""The steps of the watch over a new release: measure before, compare after (D3)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import ClassVar

from django.utils import timezone

from deployments.services import rounds
from deployments.watch import Measure, Round, measure, worse
from smsops.errors import OpsError
from smsops.models import ACTIVE, Phase, Run
from smsops.runs.context import Context
from smsops.runs.kinds import Again, Done, Outcome, StepKind
from smsops.text import count_text, seconds_text

BEFORE, WINDOW = "watch.before", "watch.window"
BASE_ROUNDS, KEPT = 10, 120
LOOK_BACK = timedelta(minutes=10)


class MeasureBefore(StepKind):
    """Measures the running release, for the next one to be compared with."""

    key = BEFORE
    title = "Measure the present release"
    phase: ClassVar[str] = Phase.DETECT
    essential = False

    def do(self, ctx: Context) -> Outcome:
        found = ctx.runtime.inspect(ctx.environment.instance)
        if found is None or not found.up:
            return Done(output="Nothing runs yet.", skipped=True)
        since = timezone.now() - LOOK_BACK
        taken = [rounds.take(ctx.environment, ctx.runtime, timezone.now()) for _ in range(BASE_ROUNDS)]
        lines = rounds.errors(ctx.runtime.logs(ctx.environment.instance, rounds.LOG_LINES, since))
        taken[0] = Round(taken[0].asked, taken[0].failed, taken[0].slowest, lines)
        found_out = measure(taken, LOOK_BACK.total_seconds())
        return Done(asdict(found_out), _told(found_out))


class WatchWindow(StepKind):
    """Compares the new release with the one before for a while; worse is a failure of this run, and changes nothing."""

    key = WINDOW
    title = "Compare the new release with the one before"
    phase: ClassVar[str] = Phase.VALIDATE
    timeout = 48 * 3600  # the environment's own time decides

    def do(self, ctx: Context) -> Outcome:
        found = ctx.runtime.inspect(ctx.environment.instance)
        if found is None or found.image_id != ctx.params["image_id"] or self._disturbed(ctx):
            return Done(output="Another change of SMS came in between; there is nothing left to compare.", skipped=True)
        seen = [Round(*each) for each in ctx.memo.get("rounds", [])]
        since = datetime.fromisoformat(ctx.memo["at"]) if "at" in ctx.memo else ctx.step.started_at or timezone.now()
        now = timezone.now()
        seen = [*seen, rounds.take(ctx.environment, ctx.runtime, since)][-KEPT:]
        first = ctx.memo.get("restarts", found.restarts)
        ctx.remember(rounds=[list(asdict(each).values()) for each in seen], at=now.isoformat(), restarts=first)
        before, watched = Measure(**ctx.params["before"]), ctx.step.open_seconds
        cause = worse(before, seen, watched, found.restarts - first + (0 if found.up else 1))
        if cause:
            raise OpsError(f"{ctx.params['version']} is worse than the release before. {cause}")
        if watched < ctx.environment.watch_seconds:
            return Again(self._pause(ctx), f"{watched:.0f} of {ctx.environment.watch_seconds} s")
        return self._good(ctx, measure(seen, watched), watched)

    @staticmethod
    def _pause(ctx: Context) -> float:
        """Twenty looks at the least, one in ten seconds at the most."""
        return min(10.0, ctx.environment.watch_seconds / 20)

    @staticmethod
    def _disturbed(ctx: Context) -> bool:
        runs = Run.objects.filter(environment=ctx.environment, disturbs=True, pk__gt=ctx.params["watched"])
        return runs.filter(state__in=ACTIVE).exists()

    @staticmethod
    def _good(ctx: Context, now: Measure, watched: float) -> Outcome:
        headline = (
            f"{ctx.params['version']} is no worse than the release before, for {seconds_text(watched)}: {_told(now)}"
        )
        return Done({**asdict(now), "headline": headline}, headline)


def _told(found: Measure) -> str:
    share = f"{found.failed_share:.0%} failed" if found.failed else "none failed"
    lines = f"{found.lines_per_minute:.1f} lines of errors a minute"
    return f"{count_text(found.rounds, 'round')} of requests, {share}, {found.slow * 1000:.0f} ms, {lines}."
