"""The step that exchanges the key in the env file: in one step, and taken back byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deployments.models import ConfigSnapshot
from deployments.services import config
from deployments.services.key_changes import NAME, WRITE
from smsops import env_values, envfile, replacement, secret_keys
from smsops.errors import OpsError
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Found, Outcome, Probe, StepKind


class WriteKey(StepKind):
    """Puts a new key into the env file. The old file is in the config snapshot, sealed; the new key is nowhere else."""

    key = WRITE
    title = "Write the new key into the env file"
    touches_sms = True
    undo_note = "The old env file comes back, byte for byte."

    def probe(self, ctx: Context) -> Probe:
        now, before = _now(ctx), _before(ctx)
        if now == before:
            return Probe(Found.NOT_DONE)
        if config.fingerprint(now) != ctx.memo.get("after"):
            return Probe(Found.BROKEN, detail=_foreign(ctx))
        return Probe(Found.DONE, _result(before, now), "It had been written.")

    def do(self, ctx: Context) -> Outcome:
        now, before = _now(ctx), _before(ctx)
        if now != before:
            raise OpsError(_foreign(ctx), fix="Look at it, then rotate again.")
        after = env_values.replaced(before, NAME, self.key_for(ctx))
        result = _result(before, after)
        ctx.remember(after=config.fingerprint(after), key=result["after"])
        _put(ctx, before, after)
        said = f"Its keyed hash was {result['before'][:12]} and is {result['after'][:12]}; nothing else in it changed."
        return Done(result, said)

    def key_for(self, ctx: Context) -> str:
        """The key that goes into the file."""
        return secret_keys.generate()

    def undo(self, ctx: Context) -> Outcome:
        now, before = _now(ctx), _before(ctx)
        if now == before:
            return Done(output="The env file is as it was.")
        if config.fingerprint(now) == ctx.memo.get("after"):
            _put(ctx, now, before)
            return Done(output="The old env file is back, byte for byte.")
        if _key_of(now) != ctx.memo.get("key"):  # SMS must come back, and the file is theirs
            return Done(output=f"{_foreign(ctx)} It stays as it is, and SMS keeps the key it had.")
        _put(ctx, now, env_values.replaced(now, NAME, env_values.value_of(before, NAME)))
        return Done(output=f"{_foreign(ctx)} The old key is back in it; the other changes stay.")

    def by_hand(self, ctx: Context) -> list[str]:
        saved = f"python manage.py ops config {ctx.environment.name} --save {_snapshot(ctx)} --to FOLDER"
        return [saved, f"cp FOLDER/.env {ctx.environment.env_file}"]


class PutKeyBack(WriteKey):
    """Puts the key of an earlier config snapshot into the env file."""

    key = "key.put_back"
    title = "Write the old key into the env file"

    def key_for(self, ctx: Context) -> str:
        content = ConfigSnapshot.objects.get(pk=ctx.params["snapshot"]).env_content
        value = env_values.value_of(content, NAME)
        if not value:
            raise OpsError(f"Config snapshot {ctx.params['snapshot']} has no {NAME}, or cannot be opened.")
        return value


def _path(ctx: Context) -> Path:
    return Path(ctx.environment.env_file)


def _mark(ctx: Context) -> str:
    return f"r{ctx.run.pk}-"


def _snapshot(ctx: Context) -> int:
    return int(ctx.fact("config.snapshot", "config", 0))


def _before(ctx: Context) -> str:
    """The file as it was. OpsError when it was sealed with another field key than the present one."""
    content: str = ConfigSnapshot.objects.get(pk=_snapshot(ctx)).env_content
    if not content:
        raise OpsError(f"Config snapshot {_snapshot(ctx)} cannot be opened.", fix="Is SMSOPS_FIELD_KEY another one?")
    return content


def _now(ctx: Context) -> str:
    """The file as it is, and nobody else about to rename something over it."""
    ctx.guard()
    replacement.clear(_path(ctx), _mark(ctx))
    return config.read(ctx.environment.env_file)


def _put(ctx: Context, now: str, then: str) -> None:
    mark = f"{_mark(ctx)}t{ctx.held.token}"
    replacement.replace(_path(ctx), now.encode(), then.encode(), mark, ctx.guard)


def _result(before: str, after: str) -> dict[str, Any]:
    return {"before": _key_of(before), "after": _key_of(after)}


def _key_of(text: str) -> str:
    return config.fingerprint(envfile.parse(text.removeprefix("\ufeff")).get(NAME, ""))


def _foreign(ctx: Context) -> str:
    return f"{ctx.environment.env_file} is not as config snapshot {_snapshot(ctx)} has it: somebody else changed it."
