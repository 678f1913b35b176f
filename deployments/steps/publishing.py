"""The steps that make a release of an image that was built or loaded: its migrations, its version, its row (D1)."""

from __future__ import annotations

from typing import Any, ClassVar

from deployments import tags
from deployments.services import images
from deployments.sources import migrations
from deployments.steps.building import image_of, source_of
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs import scratch
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.text import count_text, seconds_text


class ReadMigrations(StepKind):
    """Reads which revisions the release knows: from the unpacked tag where there is one, else by asking the image."""

    key = "release.migrations"
    title = "Read its migrations"
    phase: ClassVar[str] = Phase.PREPARE

    def do(self, ctx: Context) -> Outcome:
        found = images.migrations_in(source_of(ctx))
        if not found.revisions:
            found = migrations.from_image(ctx.runtime, image_of(ctx))
        heads = ",".join(found.heads)
        said = f"{count_text(len(found.revisions), 'revision')}, heads: {heads or 'unknown'}."
        return Done({"heads": heads, "graph": migrations.dump(found)}, said)


class Publish(StepKind):
    """Gives the image its version, when none has it; built again on purpose, the old image keeps a tag of its own."""

    key = "release.publish"
    title = "Give the image its version"
    undo_note = "The version goes back to the image that had it, if one had."

    def do(self, ctx: Context) -> Outcome:
        version, image_id = ctx.params["version"], image_of(ctx)
        old = self._old(ctx, version, image_id)
        ctx.guard()
        if old:
            ctx.runtime.name_image(old, tags.kept(version, ctx.run.pk))
        ctx.runtime.name_image(image_id, version, instead_of=old)
        found = ctx.fact(ReadMigrations.key, "graph", [])
        images.record(ctx.environment, version, image_id, migrations.load(found), (ctx.run.pk, old) if old else None)
        headline = f"{_word(ctx)} {version}: {image_id[:19]}, in {seconds_text(ctx.run.seconds)}."
        kept = f" The image before it is kept as {tags.kept(version, ctx.run.pk)}." if old else ""
        return Done({"headline": headline + kept, "image_id": image_id, "old_image_id": old}, headline + kept)

    def _old(self, ctx: Context, version: str, image_id: str) -> str:
        """The image that has the version, looked at once and remembered; empty: none had it."""
        if "old" not in ctx.memo:
            present = ctx.runtime.image(version)
            if present is not None and present.id != image_id and not ctx.params.get("again"):
                raise OpsError(f"Meanwhile another image got the version {version}; it is not overwritten.")
            old = present.id if present is not None and present.id != image_id else ""
            ctx.remember(old=old, before=images.state(ctx.environment, version))
        found: str = ctx.memo["old"]
        return found

    def undo(self, ctx: Context) -> Outcome:
        memo: dict[str, Any] = ctx.memo
        if "old" not in memo:
            return Done(output="It had not got the version.")
        version, image_id = ctx.params["version"], image_of(ctx)
        ctx.guard()
        if memo["old"]:
            ctx.runtime.name_image(memo["old"], version, instead_of=image_id)
            ctx.runtime.remove_image(tags.kept(version, ctx.run.pk))
        else:
            present = ctx.runtime.image(version)
            if present is not None and present.id == image_id:
                ctx.runtime.remove_image(version)
        images.forget(ctx.environment, version, ctx.run.pk, memo["before"])
        return Done(output="The version is where it was.")


class Tidy(StepKind):
    """Takes the run's own tag off the image, which has its version now, and the unpacked tag away."""

    key = "release.tidy"
    title = "Tidy up"
    essential = False
    undo_note = "None: nothing of it is worth keeping."

    def do(self, ctx: Context) -> Outcome:
        ctx.guard()
        ctx.runtime.remove_image(tags.working(ctx.run.pk))
        scratch.clear(ctx)
        return Done(output="Only the image with its version is left.")


def _word(ctx: Context) -> str:
    return "Loaded" if ctx.run.kind == "load" else "Built"
