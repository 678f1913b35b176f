"""The steps of a rotation that come before SMS is stopped: what is needed, and a session to prove it with."""

from __future__ import annotations

from typing import Any

from deployments.checks import rotation as checks
from deployments.checks.base import Target, Verdict, as_data, failures, run_all
from deployments.checks.endpoints import ME, Login
from deployments.services import key_changes
from deployments.steps import old_session
from deployments.steps.gates import target_of
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind


class CheckRotation(StepKind):
    """What of runbook §1 matters here, and whether the env file can be replaced at all."""

    key = "rotation.check"
    title = "Check that the key can be rotated"
    phase = Phase.DETECT

    def do(self, ctx: Context) -> Outcome:
        results = run_all(checks.needed(), target_of(ctx))
        if bad := failures(results):
            said = " ".join(f"{result.title}: {result.detail} {result.fix}".strip() for result in bad)
            raise OpsError(f"Not rotated. {said}")
        return Done({"checks": as_data(results)}, "\n".join(result.line for result in results))


class SignIn(StepKind):
    """Opens a session with the old key, which the new SMS must refuse, and the old one must accept if it comes back."""

    key = old_session.STEP
    title = "Sign in with the old key"
    phase = Phase.PREPARE
    undo_note = "That SMS has the old key is looked at, and that the session is good again."

    def do(self, ctx: Context) -> Outcome:
        target = Target(ctx.environment)
        login = Login().run(target)
        if login.verdict == Verdict.FAIL:
            raise OpsError(f"Not rotated. Login: {login.detail} {login.fix}".strip())
        running = key_changes.running_key(ctx.environment, ctx.runtime)
        weaker = _weaker(Target(ctx.environment), target.token)
        ctx.remember(running=running, **({} if weaker else old_session.sealed(target.token)))
        result: dict[str, Any] = {"proven": not weaker, "weaker": weaker}
        return Done(result, weaker or "A session was opened; it is kept sealed until the end.")

    def undo(self, ctx: Context) -> Outcome:
        if not ctx.run.steps.get(kind=key_changes.WRITE).attempts:
            old_session.forget(ctx)
            return Done(output="The key was not touched.")
        if key_changes.running_key(ctx.environment, ctx.runtime) != ctx.memo.get("running"):
            raise OpsError("SMS does not run with the key it had.")
        old, answer = old_session.of(ctx), None
        if old:
            answer = old.ask(ctx.environment.base_url)
            if not answer.ok:
                raise OpsError(f"SMS runs with the old key, but the old session is not accepted ({answer.describe()}).")
        old_session.forget(ctx)
        return Done(output=f"SMS runs with the old key{' and accepts the old session' if answer else ''}.")


def _weaker(target: Target, token: str) -> str:
    """Why it cannot be proven that old tokens are refused; empty when it can."""
    if not token:
        return "No smoke account is set: the proof is weaker, only that SMS runs with the new key."
    if target.ask(ME).ok:
        return "SMS lets everybody in, signed in or not: the proof is weaker, only that SMS runs with the new key."
    return ""
