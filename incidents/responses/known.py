"""The responses there are. Each leads to a page that says what it does and costs before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from incidents.models import Incident
from smsops.models import Run

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Response:
    """One thing to do: the button of an environment's page it leads to, what is filled in there, who may use it, and
    which runs are it: of the kind `runs`, with the parameters `having` and any for those in `naming`."""

    key: str
    title: str
    button: str
    permission: str
    runs: tuple[str, ...]
    having: Params = field(default_factory=dict)
    filled: Callable[[Incident, Params], dict[str, Any]] = lambda incident, params: {}
    command: str = ""
    naming: tuple[str, ...] = ()

    def url(self, incident: Incident, params: Params) -> str:
        """The confirmation page."""
        asked = self.filled(incident, params)
        page = reverse("admin:smsops_environment_do", args=[incident.environment_id, self.button])
        return f"{page}?{urlencode(asked)}" if asked else page

    def typed(self, incident: Incident) -> str:
        """The same as a command."""
        place, moment = incident.environment, incident.moment_before.isoformat()
        return self.command.format(name=place.name, double=place.memory_limit_mb * 2, moment=moment)

    def made(self, run: Run) -> bool:
        """Whether the run is one of this response."""
        named = all(run.params.get(name) for name in self.naming)
        return named and run.kind in self.runs and all(run.params.get(k) == value for k, value in self.having.items())


def _memory(incident: Incident, params: Params) -> dict[str, Any]:
    return {"memory_mb": params.get("memory_mb") or incident.environment.memory_limit_mb * 2}


def _way(strategy: str) -> Callable[[Incident, Params], dict[str, Any]]:
    def filled(incident: Incident, params: Params) -> dict[str, Any]:
        version = params.get("version")
        return {"strategy": strategy, **({"version": version} if version else {})}

    return filled


def _just_before(incident: Incident, params: Params) -> dict[str, Any]:
    return {"at": incident.moment_before.isoformat()}


RESTART, ROTATE = "smsops.restart_environment", "smsops.rotate_environment"
BACK, RESTORE, DEPLOY = "smsops.rollback_environment", "smsops.restore_environment", "smsops.deploy_environment"
RESPONSES: dict[str, Response] = {
    each.key: each
    for each in (
        Response("restart", "Restart", "restart", RESTART, ("restart",), command="ops restart {name}"),
        Response(
            "recreate", "Make it anew with the env file of now", "recreate", RESTART, ("recreate",),
            command="ops recreate {name}",
        ),
        Response(
            "more_memory", "More memory", "more-memory", RESTART, ("more_memory",), filled=_memory,
            command="ops recreate {name} --memory-mb {double}",
        ),
        Response("upgrade", "Upgrade the schema", "upgrade", DEPLOY, ("upgrade",), command="ops upgrade {name}"),
        Response(
            "rollback_code", "Roll back the code", "rollback", BACK, ("rollback",), {"strategy": "code"}, _way("code"),
            "ops rollback {name} --strategy code",
        ),
        Response(
            "rollback_schema", "Roll back the schema", "rollback", BACK, ("rollback",), {"strategy": "schema"},
            _way("schema"), "ops rollback {name} --strategy schema",
        ),
        Response(
            "rollback_data", "Roll back with the data of a backup", "rollback", BACK, ("rollback",),
            {"strategy": "restore"}, _way("restore"), "ops rollback {name} --strategy restore",
        ),
        Response(
            "rollback", "Roll back, the gentlest way that is open", "rollback", BACK, ("rollback",),
            command="ops rollback {name}",
        ),
        Response(
            "restore", "Restore the newest good backup", "restore", RESTORE, ("restore",),
            command="ops restore {name} --backup latest",
        ),
        Response(
            "restore_to", "Restore to just before the incident", "restore-to", RESTORE, ("restore",),
            filled=_just_before, command="ops restore {name} --at {moment}", naming=("until",),
        ),
        Response("key_back", "Put the old SECRET_KEY back", "key-back", ROTATE, ("key_back",),
                 command="ops key-back {name}"),
        Response(
            "rebuild", "Build the image anew, without any cache", "rebuild", DEPLOY, ("rebuild",),
            command="ops rebuild {name}",
        ),
        Response("deploy", "Deploy another release", "deploy", DEPLOY, ("deploy",)),
    )
}  # fmt: skip


def of_run(run: Run) -> Response | None:
    """Which response a run is, the closest one; None where it is none."""
    found = [each for each in RESPONSES.values() if each.made(run)]
    return max(found, key=lambda each: len(each.having) + len(each.naming), default=None)
