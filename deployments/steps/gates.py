"""The steps that decide whether a deploy may begin and whether it may stay."""

from __future__ import annotations

from deployments.checks.base import Result, Target, as_data, failures, run_all
from deployments.checks.checklist import CHECKLIST
from deployments.checks.preconditions import PRECONDITIONS
from deployments.models import Release
from deployments.services import preflight
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.switch import beside, sandbox


def target_of(ctx: Context) -> Target:
    """What the run is about to start, or has started."""
    found = ctx.runtime.inspect(ctx.environment.instance)
    image_id = ctx.params.get("image_id") or (found.image_id if found else "")
    release = Release.objects.filter(environment=ctx.environment, image_id=image_id).first()
    target = preflight.target(ctx.environment, release)
    target.image_id, target.version = image_id, target.version or ctx.params.get("version", "")
    target.at = ctx.params.get("aim")
    in_sandbox = ctx.fact(sandbox.START, "port") is not None
    target.service = sandbox.service_of(ctx) if in_sandbox else beside.candidate(ctx)
    return target


class Preconditions(StepKind):
    """Runbook §1, all of it, before anything is touched."""

    key = "check.preconditions"
    title = "Check the preconditions"
    phase = Phase.DETECT

    def do(self, ctx: Context) -> Outcome:
        results = run_all(PRECONDITIONS, target_of(ctx))
        return _judge(results, "Not deployed")


class Checklist(StepKind):
    """Runbook §3 against the running SMS."""

    key = "check.list"
    title = "Run the verification checklist"
    phase = Phase.VALIDATE

    def do(self, ctx: Context) -> Outcome:
        results = run_all(CHECKLIST, target_of(ctx))
        return _judge(results, "The checklist failed")


def _judge(results: list[Result], prefix: str) -> Outcome:
    bad = failures(results)
    if bad:
        said = " ".join(f"{result.title}: {result.detail} {result.fix}".strip() for result in bad)
        raise OpsError(f"{prefix}. {said}")
    return Done({"checks": as_data(results)}, "\n".join(result.line for result in results))
