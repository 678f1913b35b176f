"""The steps of a rotation that come after SMS was made anew: the proof, the record, and the end of the old key."""

from __future__ import annotations

from deployments.checks.base import Target, Verdict
from deployments.checks.endpoints import ME, Login
from deployments.services import key_changes
from deployments.steps import old_session
from deployments.steps.config import TakeConfig
from smsops import signals
from smsops.errors import OpsError
from smsops.models import Phase, Run
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.switch import names
from smsops.text import seconds_text


class Prove(StepKind):
    """The new SMS has the new key, refuses the session of before, and lets the smoke account in."""

    key = "rotation.prove"
    title = "Prove that the old key is over"
    phase = Phase.VALIDATE

    def do(self, ctx: Context) -> Outcome:
        if key_changes.running_key(ctx.environment, ctx.runtime) != ctx.fact(key_changes.WRITE, "after"):
            raise OpsError("SMS does not run with the key that was written into the env file.")
        refused = _refused(ctx)
        login = Login().run(Target(ctx.environment))
        if login.verdict == Verdict.FAIL:
            raise OpsError(f"With the new key nobody gets in. Login: {login.detail}")
        accepted = "a login works" if login.verdict == Verdict.PASS else ""
        proof = "; ".join(part for part in ("SMS runs with the new key", refused, accepted) if part)
        away = ctx.fact("switch.gate", "away_seconds")
        gone = "" if away is None else f" SMS was away for {seconds_text(away)}."
        hashes = [str(ctx.fact(key_changes.WRITE, name))[:12] for name in ("before", "after")]
        headline = f"SECRET_KEY is a new one (keyed hash {' → '.join(hashes)}): {proof}. Every session has ended.{gone}"
        return Done({"headline": headline}, f"{proof}.")


def _refused(ctx: Context) -> str:
    """That the old token is refused, in words; empty where there was none to try. OpsError when it is not."""
    old = old_session.of(ctx)
    if old is None:
        late = "the old session ended by itself before it could be tried"
        return late if ctx.fact(old_session.STEP, "proven") else ""
    answer = old.ask(ctx.environment.base_url)
    if answer.ok:
        raise OpsError("The old token is still accepted: SMS signs with something else than SECRET_KEY.")
    if answer.code != 401:
        transient = not answer.answered or answer.code >= 500 or answer.code == 429
        raise OpsError(f"{ME} answers {answer.describe()} to the old token, not HTTP 401.", transient=transient)
    return "the old token is refused (HTTP 401)"


class Record(TakeConfig):
    """Takes a snapshot with the new key, so that nobody takes the rotation for a change nobody meant."""

    key = "rotation.record"
    title = "Write down the new configuration"
    essential = False


class RetireOldKey(StepKind):
    """Removes the stopped instances of before: the old key is in them, and nobody is to start them again."""

    key = "rotation.retire"
    title = "Remove the instances with the old key"
    essential = False
    point_of_no_return = True
    undo_note = "None: going back to an old key is a change of the env file."

    def do(self, ctx: Context) -> Outcome:
        prefix = f"{names.canonical(ctx)}-before-r"
        old = [found for found in ctx.runtime.instances() if found.name.startswith(prefix)]
        signals.instance_going.send_robust(sender=Run, run=ctx.run)
        for each in old:
            if not each.up:
                ctx.guard()
                ctx.runtime.remove(each.name)
        old_session.forget(ctx)
        gone = ", ".join(each.name for each in old if not each.up) or "There was none"
        left = ", ".join(each.name for each in old if each.up)
        return Done(output=f"Removed: {gone}." + (f" Still running, and kept: {left}." if left else ""))
