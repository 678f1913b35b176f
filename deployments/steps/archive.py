"""The step that removes images nobody needs any more (runbook §8)."""

from __future__ import annotations

from django.utils import timezone

from deployments import tags
from deployments.models import Release
from deployments.services import archive
from smsops.errors import OpsError, RuntimeUnavailable
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.text import count_text


class Archive(StepKind):
    """Removes the images of the plan, one after the other, each only if it still is what was planned and nobody has
    come to need it since. Killed in between, the next worker removes the rest."""

    key = "release.archive"
    title = "Remove the images nobody needs"
    timeout = 900
    undo_note = "None: a release that went is built from its tag again, or loaded."

    def do(self, ctx: Context) -> Outcome:
        planned = {each["version"]: each["image_id"] for each in ctx.params["going"]}
        lines = []
        for verdict in archive.judge(ctx.environment, ctx.params["keep"], but=ctx.run.pk):
            version, image_id = verdict.image.version, verdict.image.id
            if verdict.why or planned.get(version) != image_id:
                lines.append(verdict.line if verdict.why else f"{version} stays: it was not in the plan.")
                continue
            ctx.guard()
            if complaint := _removed(ctx, version):
                lines.append(f"{version} stays: {complaint}")
        gone = [version for version in planned if ctx.runtime.image(version) is None]
        for version in gone:
            _write_down(ctx, version)
        said = f"{count_text(len(gone), 'image')} went: {', '.join(gone) or 'none'}."
        return Done({"gone": gone, "headline": said}, "\n".join([said, *lines]))


def _removed(ctx: Context, version: str) -> str:
    """Remove it; returns why it could not be, empty when it is gone."""
    try:
        ctx.runtime.remove_image(version)
    except RuntimeUnavailable:
        raise
    except OpsError as error:
        return str(error)
    return ""


def _write_down(ctx: Context, version: str) -> None:
    mine = Release.objects.filter(environment=ctx.environment, version=version.removeprefix("v"))
    if tags.own(version):
        mine.delete()  # an older image of a release is nothing without the image
    else:
        mine.update(image_id="", archived_at=timezone.now())
