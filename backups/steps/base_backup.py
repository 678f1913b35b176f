"""The one step of a base backup (B9)."""

from __future__ import annotations

import shutil

from backups.services.logs.postgres import PostgresLog
from smsops.runs import scratch
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome
from smsops.runs.scratch import ScratchStep


class TakeBaseBackup(ScratchStep):
    """Copies the server's files, verifies and seals them. Killed at any moment, there is no base backup more or less;
    what is half-way is removed by the next worker, or a day later."""

    key = "log.base"
    title = "Copy, verify and seal the server's files"
    timeout = 5 * 3600

    def do(self, ctx: Context) -> Outcome:
        for left in ctx.work_dir.iterdir():
            shutil.rmtree(left, ignore_errors=True)
        said = PostgresLog(ctx.environment).take_base(ctx.work_dir)
        scratch.clear(ctx)
        return Done({"headline": said}, said)
