"""The steps that make an image of a tag, beside everything that is there (D1). SMS does not notice."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import ClassVar

from deployments import tags
from deployments.sources import build_log
from deployments.sources.git import Repository
from smsops.errors import OpsError, RuntimeUnavailable
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.growing import GrowingOutput
from smsops.runs.kinds import Again, Done, Found, Outcome, Probe, StepKind
from smsops.runs.scratch import ScratchStep
from smsops.text import seconds_text

LONGEST = 1500.0  # seconds; well below a task's time limit
Judge = Callable[[list[str], str], str]


class TooLong(OpsError):
    """The engine took longer than a step may."""


class Checkout(ScratchStep):
    """Unpacks the tag into the run's own folder; the repository's working tree is never touched."""

    key = "release.checkout"
    title = "Unpack the tag into a folder of its own"
    phase: ClassVar[str] = Phase.PREPARE

    def do(self, ctx: Context) -> Outcome:
        repository, name = Repository(ctx.environment.source_path), ctx.params["git_ref"]
        tag = next((tag for tag in repository.tags() if tag.name == name), None)
        if tag is None:
            raise OpsError(f"The tag {name} is not in {repository.path} any more.", fix="Import the releases again.")
        repository.unpack(tag, source_of(ctx))
        return Done({"commit": tag.commit, "tree": tag.tree}, f"{name}, commit {tag.commit[:12]}.")


class Build(StepKind):
    """Builds the image under a tag that names this run, its log growing on the run's page."""

    key = "release.build"
    title = "Build the image"
    timeout = LONGEST
    tries = 1
    undo_note = "The image that was built is removed."

    def probe(self, ctx: Context) -> Probe:
        image = ctx.runtime.image(tags.working(ctx.run.pk))
        return Probe(Found.NOT_DONE) if image is None else Probe(Found.DONE, {"image_id": image.id}, "It was built.")

    def do(self, ctx: Context) -> Outcome:
        tag = tags.working(ctx.run.pk)
        labels = ctx.labels | {"org.opencontainers.image.revision": ctx.fact(Checkout.key, "commit", "")}
        lines = ctx.runtime.build(source_of(ctx), tag, labels, fresh=bool(ctx.params.get("fresh")))
        return work(ctx, lines, build_log.cause)

    def undo(self, ctx: Context) -> Outcome:
        ctx.guard()
        ctx.runtime.remove_image(tags.working(ctx.run.pk))
        return Done(output="No image of it is left.")


def work(ctx: Context, lines: Generator[str], judge: Judge) -> Outcome:
    """Go with the engine's work to its end, its log growing; a wish to cancel or a lost lease ends that work."""
    ctx.guard()
    log = GrowingOutput(ctx)
    with contextlib.closing(lines):
        try:
            for line in lines:
                log.add(line)
                if not log.beat():
                    log.write()
                    return Again(0, "It was ended.")
                if ctx.step.open_seconds > LONGEST:
                    raise TooLong(f"“{ctx.step.title}” was not done within {seconds_text(LONGEST)}.")
        except (RuntimeUnavailable, TooLong):
            raise
        except OpsError as error:
            log.write()
            raise OpsError(judge(log.lines, error.message)) from error
    image = ctx.runtime.image(tags.working(ctx.run.pk))
    if image is None:
        raise OpsError("The engine said no word of failure, and yet there is no image.")
    return Done({"image_id": image.id}, log.text)


def image_of(ctx: Context) -> str:
    """The id of the image this run built or loaded."""
    found: str = ctx.fact(Build.key, "image_id") or ctx.fact("release.load", "image_id", "")
    return found


def source_of(ctx: Context) -> Path:
    """Where the tag is unpacked."""
    return ctx.work_dir / "source"
