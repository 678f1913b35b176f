"""What SMS is configured with, and what its pages and checks say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployments.checks import registry
from deployments.checks.base import Target, run_all
from deployments.checks.base import Verdict as Judged
from deployments.services import config, key_changes, preflight
from incidents.diagnoses.base import Case, Diagnosis, Seen, Verdict, register
from incidents.services import changes
from smsops import envfile
from smsops.errors import OpsError


@register
class EnvFile(Diagnosis):
    """Whether the env file can be read, whether SMS runs with it, and whether its SECRET_KEY is good."""

    key, title, helps = "env_file", "The env file", ("recreate",)

    def look(self, case: Case, params: Mapping[str, Any]) -> Seen:
        environment = case.environment
        if not environment.env_file:
            return self.unknown("No env file is set.")
        try:
            envfile.read(environment.env_file)
        except OpsError as error:
            return self.cause(str(error))
        late = config.unapplied(config.look(environment, case.runtime))
        said = f"SMS does not run with what the file says of {', '.join(late)}: it was made before." if late else ""
        bad = [result for result in _asked(case, ("secrets", "env_file")) if result.verdict == Judged.FAIL]
        if bad:
            return self.cause(" ".join([*(f"{result.detail} {result.fix}".strip() for result in bad), said]).strip())
        return self.cause(said) if late else self.clear("It is valid, and SMS runs with it.")


@register
class SecretKey(Diagnosis):
    """Whether SECRET_KEY is another than the one that was known."""

    key, title, helps = "secret_key", "The signing key", ("key_back",)

    def look(self, case: Case, params: Mapping[str, Any]) -> Seen:
        keys = key_changes.look(case.environment, case.runtime)
        if not keys.known:
            return self.unknown("Which key SMS had is not known: no configuration was written down yet.")
        if keys.ended:
            return self.cause(f"SMS runs with another SECRET_KEY than that of {keys.known_from}: sessions end.")
        if keys.unmeant:
            return self.cause(f"The env file has another SECRET_KEY than that of {keys.known_from}.")
        return self.clear(f"SMS runs with the SECRET_KEY of {keys.known_from}.")


@register
class AsksCheck(Diagnosis):
    """Asks one of the checks of docs/checks.md, like `bundle`, `clock` or `login`."""

    key, title, wants = "check", "Ask a check", ("check",)

    def look(self, case: Case, params: Mapping[str, Any]) -> Seen:
        results = _asked(case, (str(params["check"]),))
        if not results:
            raise OpsError(f"There is no check “{params['check']}”.")
        result = results[0]
        text, helps = f"{result.title}: {result.detail} {result.fix}".strip(), tuple(params.get("helps", ()))
        if result.verdict == Judged.FAIL:
            return Seen(Verdict.CAUSE, text, helps)
        return self.clear(text) if result.verdict == Judged.PASS else self.unknown(text)


@register
class WhatChanged(Diagnosis):
    """What differs from the last configuration before the incident."""

    key, title = "changes", "What changed"

    def look(self, case: Case, params: Mapping[str, Any]) -> Seen:
        ours = changes.of_ours(case.incident)
        lines = changes.of_config(case.incident)
        return self.unknown(changes.in_short("\n".join([ours, *lines[:30]])))


def _asked(case: Case, keys: tuple[str, ...]) -> list[Any]:
    target: Target = preflight.target(case.environment, None)
    return run_all([check for check in registry.known() if check.key in keys], target)
