"""What must hold before SMS's SECRET_KEY is rotated (runbook §8)."""

from __future__ import annotations

from pathlib import Path

from deployments.checks import registry
from deployments.checks.base import PRECONDITIONS, Check, Result, Target
from deployments.services import config
from deployments.services.key_changes import NAME
from smsops import env_values, envfile, health, replacement, secret_keys
from smsops.models import Environment

NEEDED = ("image", "volume", "port", "schema")  # of runbook §1; a weak key is what a rotation is for


class EnvFileReplaceable(Check):
    """Tried with a key that is thrown away, while SMS still runs."""

    key, title, section = "env_file", "Env file", "§8"

    def run(self, target: Target) -> Result:
        path, here = target.environment.env_file, target.environment
        other = Environment.objects.exclude(pk=here.pk).filter(env_file=path, queue=here.queue).first()
        if other is not None:
            return self.failed(
                f"{path} is that of {other.name} too, whose sessions would end with it.", "Give it its own."
            )
        text = config.read(path)
        new = env_values.replaced(text, NAME, secret_keys.generate())
        weak = secret_keys.weakness(envfile.parse(new.removeprefix("\ufeff"))[NAME])
        if weak:
            fix = "Put the comment on a line of its own."
            return self.failed(f"Docker takes what stands behind {NAME} for a part of it, and {weak}.", fix)
        replacement.rehearse(Path(path), len(new.encode()), "rehearsal")
        return self.passed(f"{path} can be replaced in one step.")


class Serving(Check):
    key, title, section = "serving", "SMS", "§8"

    def run(self, target: Target) -> Result:
        found, seen = target.instance, health.look(target.base_url)
        if found is None or not found.up or not seen.good:
            said = f"SMS does not serve now ({seen.detail}), so nobody could tell whether it does afterwards."
            return self.failed(said, "Get it going first.")
        return self.passed("SMS is healthy and ready.")


def needed() -> list[Check]:
    """In their order."""
    return [*registry.of_stage(PRECONDITIONS, NEEDED), EnvFileReplaceable(), Serving()]
