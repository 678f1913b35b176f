"""SECRET_KEY: there, strong by everybody's rule, and the same after the next start (runbook §1, §8)."""

from __future__ import annotations

from deployments.checks.base import PRECONDITIONS, Check, Result, Target
from deployments.checks.registry import register
from smsops import envfile, secret_keys
from smsops.text import count_text

MAKE_ONE = 'Make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'
THROWAWAY = ("CI", "GITHUB_ACTIONS", "CI_ALLOW_INSECURE_SECRET")  # with these SMS makes up a key per process


@register
class Secrets(Check):
    key, title, section, stages, order = "secrets", "Secrets", "§1", (PRECONDITIONS,), 10

    def run(self, target: Target) -> Result:
        if not target.environment.env_file:
            return self.warned("No env file is set, so SMS's SECRET_KEY cannot be judged.", "Set the env file.")
        variables = envfile.read(target.environment.env_file)
        value = variables.get("SECRET_KEY", "")
        if not value:
            return self.failed("SECRET_KEY is missing from the env file.", MAKE_ONE)
        if why := secret_keys.weakness(value):
            return self.failed(f"SECRET_KEY is weak: {why}.", MAKE_ONE)
        made_up = [name for name in THROWAWAY if variables.get(name, "").lower() not in ("", "0", "false")]
        if made_up:
            said = f"{made_up[0]} is set: SMS may sign with a key of its own, and every start signs everybody out."
            return self.warned(said, f"Take {made_up[0]} out of the env file.")
        if len(value) < secret_keys.GOOD_LENGTH:
            said = (
                f"SECRET_KEY has {count_text(len(value), 'character')}; the runbook asks for {secret_keys.GOOD_LENGTH}."
            )
            return self.warned(said, MAKE_ONE)
        return self.passed(f"SECRET_KEY is strong ({len(value)} characters).")
