"""The steps that decide whether a deploy may begin and whether it may stay."""

from __future__ import annotations

import contextlib

from django.utils import timezone

from backups.models import Backup
from deployments.checks import registry
from deployments.checks.base import CHECKLIST, PRECONDITIONS, Target, as_data, failures, run_all
from deployments.models import Release
from deployments.services import check_results, preflight
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.switch import beside, sandbox, standing
from smsops.switch.service import live


def target_of(ctx: Context) -> Target:
    """What the run is about to start, or has started."""
    found = ctx.runtime.inspect(ctx.environment.instance)
    image_id = ctx.params.get("image_id") or (found.image_id if found else "")
    target = preflight.target(ctx.environment, _release(ctx, image_id))
    target.image_id, target.version = image_id, target.version or ctx.params.get("version", "")
    target.at = ctx.params.get("aim")
    target.baseline = _baseline(ctx)
    in_sandbox = ctx.fact(sandbox.START, "port") is not None
    target.service = sandbox.service_of(ctx) if in_sandbox else beside.candidate(ctx)
    return target


def _release(ctx: Context, image_id: str) -> Release | None:
    return Release.objects.filter(environment=ctx.environment, image_id=image_id).first()


def _baseline(ctx: Context) -> dict[str, int] | None:
    """The rows a deploy found, from the backup it took; whatever else changes SMS may change its rows as well."""
    name = ctx.fact("backup.store", "identifier") if ctx.run.kind == "deploy" else None
    backup = Backup.objects.filter(environment=ctx.environment, identifier=name).first() if name else None
    return backup.row_counts if backup else None


class Preconditions(StepKind):
    """Runbook §1, all of it, before anything is touched."""

    key = "check.preconditions"
    title = "Check the preconditions"
    phase = Phase.DETECT

    def do(self, ctx: Context) -> Outcome:
        return _judge(ctx, PRECONDITIONS, "Not deployed")


class Checklist(StepKind):
    """Runbook §3 against the running SMS."""

    key = "check.list"
    title = "Run the verification checklist"
    phase = Phase.VALIDATE

    def do(self, ctx: Context) -> Outcome:
        service = None if sandbox.START in ctx.facts else beside.candidate(ctx) or live(ctx)
        waiting = standing.pause(ctx, service) if service is not None else None
        return waiting or _judge(ctx, CHECKLIST, "The checklist failed")


def _died(ctx: Context, target: Target) -> str:
    """What the engine says became of SMS while it was asked; the checks themselves only see that nobody answers."""
    with contextlib.suppress(OpsError):
        began, found = ctx.step.started_at, target.instance
        events = target.runtime.events(target.name, began, timezone.now()) if began else []
        if (found is not None and found.oom_killed) or any(event.action == "oom" for event in events):
            return "SMS ran out of memory while it was asked."
        codes = [event.exit_code for event in events if event.action == "die"]
        return f"SMS died while it was asked (exit code {codes[-1]})." if codes else ""
    return ""


def _judge(ctx: Context, stage: str, prefix: str) -> Outcome:
    """Ask the checks of a stage, write their results down, and fail with everything that failed."""
    target = target_of(ctx)
    results = run_all(registry.of_stage(stage), target)
    release = _release(ctx, target.image_id)
    ctx.guard()
    check_results.keep(results, stage, ctx.environment, release, ctx.run, on_copy=target.service is not None)
    bad = failures(results)
    if bad:
        said = " ".join(f"{result.title}: {result.detail} {result.fix}".strip() for result in bad)
        raise OpsError(" ".join(filter(None, [f"{prefix}.", _died(ctx, target) if stage == CHECKLIST else "", said])))
    return Done({"checks": as_data(results)}, "\n".join(line for result in results for line in result.lines))
