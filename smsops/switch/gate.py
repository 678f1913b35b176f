"""The gate: SMS must say that it is healthy and ready, and must stay up while it is asked (runbook §2.5, §3)."""

from __future__ import annotations

from django.utils import timezone

from smsops.errors import OpsError
from smsops.models import Phase, StepState
from smsops.runs.context import Context
from smsops.runs.kinds import Again, Done, Outcome, StepKind
from smsops.runtimes.base import Instance, Status
from smsops.switch.service import Service, live
from smsops.switch.standing import pause, started_again
from smsops.text import count_text, seconds_text

# Seconds between two looks, at least and at most, and the share that may be late. Looks take processor time from the
# SMS that starts, and nobody waits for them: its users are answered as soon as it answers.
SOONEST, LATEST, LATE = 0.15, 0.5, 0.02
CRASHES = 3  # restarts by the engine that make a crash loop (research: ≥ 3 deaths within a minute)


class Gate(StepKind):
    """Polls /health and /health/ready until both are good; a crash loop or the end of patience fails it."""

    key = "switch.gate"
    title = "Wait until SMS is healthy and ready"
    phase = Phase.VALIDATE
    timeout = 24 * 3600  # the environment's own gate time decides

    def do(self, ctx: Context) -> Outcome:
        service = live(ctx)
        if started_again(ctx, service):
            return Again(SOONEST, "It had been stopped from outside and is started again.")
        outcome = wait_until_good(ctx, service, "SMS is healthy and ready.")
        if isinstance(outcome, Done):
            away = _away(ctx)
            which = f"SMS {ctx.params['version']}" if ctx.params.get("version") else "SMS"
            gone = "" if away is None else f"; {_what(ctx)} {seconds_text(away)}"
            headline = f"{which} is healthy and ready{gone}."
            return Done({**outcome.result, "away_seconds": away, "headline": headline}, outcome.output)
        return outcome


class Steady(StepKind):
    """Watches a started SMS for a while: a crash, a restart or a bad answer now is still the change's fault."""

    key = "switch.steady"
    title = "Watch that it stays up"
    phase = Phase.VALIDATE
    timeout = 24 * 3600

    def do(self, ctx: Context) -> Outcome:
        service = live(ctx)
        if (waiting := pause(ctx, service)) is not None:
            return waiting
        found = service.inspect()
        if "restarts" not in ctx.memo:
            ctx.remember(restarts=found.restarts if found else 0)
        watched = ctx.step.open_seconds
        crash = crashed(found)
        if crash or found is None:
            raise OpsError(f"{crash} {service.last_words()}".strip())
        if found.restarts > ctx.memo["restarts"] or not found.up:
            raise OpsError(
                f"SMS died after it had been healthy (exit code {found.exit_code}). {service.last_words()}".strip()
            )
        if watched < ctx.environment.steady_seconds:
            return Again(0.25, f"{watched:.0f} of {ctx.environment.steady_seconds} s")
        seen = service.health()
        if not seen.good:
            raise OpsError(f"SMS had been healthy and is no longer: {seen.detail}.")
        return Done({"restarts": found.restarts}, f"Up for {watched:.0f} s without a restart.")


def _what(ctx: Context) -> str:
    """What a stop meant for SMS's users."""
    held = ctx.run.steps.filter(kind="edge.hold", state=StepState.DONE).exists()
    return "none was refused, requests waited up to" if held else "it was away for"


def _away(ctx: Context) -> float | None:
    """Seconds since this run stopped SMS; None when it did not run before."""
    stop = ctx.run.steps.filter(kind="switch.stop", state=StepState.DONE).first()
    if stop is None or stop.started_at is None:
        return None
    return round((timezone.now() - stop.started_at).total_seconds(), 2)


def wait_until_good(ctx: Context, service: Service, sentence: str) -> Outcome:
    """One look at SMS: good is Done, not yet is Again, hopeless is an OpsError with the log's last words."""
    waited = ctx.step.open_seconds
    found, seen = service.inspect(), service.health()
    if seen.good and found is not None and found.up:
        return Done({"seconds": round(waited, 2), "version": seen.version}, f"{sentence} It took {waited:.1f} s.")
    crash = crashed(found)
    if crash:
        raise OpsError(f"{crash} {service.last_words()}")
    if waited > ctx.environment.gate_seconds:
        raise OpsError(f"Not healthy and ready within {ctx.environment.gate_seconds} s: {seen.detail}.")
    return Again(min(LATEST, max(SOONEST, waited * LATE)), f"{waited:.0f} s: {seen.detail}")


def crashed(found: Instance | None) -> str:
    """One sentence when the instance will not come up by itself; empty when there is hope."""
    if found is None:
        return "The instance is gone."
    if found.oom_killed:
        return f"SMS ran out of memory (restarted {count_text(found.restarts, 'time')})."
    if found.status is Status.CREATED and found.error:
        return f"The engine refused to start it: {found.error}"
    if found.restarts >= CRASHES:
        return f"SMS is in a crash loop ({count_text(found.restarts, 'restart')}, last exit code {found.exit_code})."
    if found.status is Status.EXITED:
        return f"SMS ended with exit code {found.exit_code}. {found.error}".strip()
    return ""
