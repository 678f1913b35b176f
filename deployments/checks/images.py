"""The release that is about to run: its image, and whether it is what it says (runbook §1)."""

from __future__ import annotations

from deployments.checks.base import PRECONDITIONS, Check, Result, Target
from deployments.checks.registry import register


@register
class ImagePresent(Check):
    key, title, section, stages, order = "image", "Image", "§1", (PRECONDITIONS,), 30
    always = True

    def run(self, target: Target) -> Result:
        if not target.image_id:
            fix = "Build or load the image, then import the releases again."
            return self.failed(f"There is no image of release {target.version}.", fix)
        if target.runtime.image(target.image_id) is None:
            return self.failed(f"The image of {target.version} is gone from the engine.", "Build or load it again.")
        return self.passed(f"{target.version} is {target.image_id[:19]}.")


@register
class VersionStated(Check):
    """The import compares tag, VERSION and CHANGELOG; what was odd about them is in the release's notes."""

    key, title, section, stages, order = "version", "Version", "§1", (PRECONDITIONS,), 40

    def run(self, target: Target) -> Result:
        if target.notes:
            return self.warned(target.notes, "Check that this is the release you mean.")
        return self.passed(f"{target.version}: tag, VERSION and CHANGELOG agree.")
