"""The step that takes an image out of a tar (D1)."""

from __future__ import annotations

from pathlib import Path

from deployments import tags
from deployments.steps.building import Build, work
from smsops.runs.context import Context
from smsops.runs.kinds import Outcome


class Load(Build):
    """Loads the image under a tag that names this run, and none of those the file brings."""

    key = "release.load"
    title = "Load the image"
    undo_note = "The image that was loaded is removed."

    def do(self, ctx: Context) -> Outcome:
        lines = ctx.runtime.load(Path(ctx.params["file"]), tags.working(ctx.run.pk))
        return work(ctx, lines, lambda log, complaint: complaint)
