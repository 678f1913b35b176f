"""The responses there are. Each leads to a page that says what it does and costs before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from shlex import quote
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from deployments.models import Release
from incidents.models import Incident
from smsops.models import Run

Params = Mapping[str, Any]
OPTIONS = {"strategy": "--strategy", "version": "--to", "memory_mb": "--memory-mb", "at": "--at"}  # of fields filled in


@dataclass(frozen=True)
class Response:
    """One thing to do: the button of an environment's page it leads to, what is filled in there, who may use it, and
    which runs are it: of the kind `runs`, with the parameters `having` and any for those in `naming`. What is filled in
    there are the options of its command."""

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

    def typed(self, incident: Incident, params: Params) -> str:
        """The same as a command."""
        version = quote(str(params.get("version") or "VERSION"))
        command = self.command.format(name=quote(incident.environment.name), version=version)
        given = self.filled(incident, params).items()
        return " ".join([command, *(f"{OPTIONS[key]} {quote(str(value))}" for key, value in given if key in OPTIONS)])

    def made(self, run: Run) -> bool:
        """Whether the run is one of this response."""
        named = all(run.params.get(name) for name in self.naming)
        return named and run.kind in self.runs and all(run.params.get(k) == value for k, value in self.having.items())


def _memory(incident: Incident, params: Params) -> dict[str, Any]:
    return {"memory_mb": params.get("memory_mb") or incident.environment.memory_limit_mb * 2}


def _version(incident: Incident, params: Params) -> dict[str, Any]:
    return {"version": params["version"]} if params.get("version") else {}


def _way(strategy: str) -> Callable[[Incident, Params], dict[str, Any]]:
    return lambda incident, params: {"strategy": strategy, **_version(incident, params)}


def _release(incident: Incident, params: Params) -> dict[str, Any]:
    """The form asks for a row, the command for its version."""
    known = Release.objects.filter(environment=incident.environment_id, version=str(params.get("version") or ""))
    found = known.values_list("pk", flat=True).first()
    return {"release": found} if found else {}


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
            command="ops recreate {name}",
        ),
        Response("upgrade", "Upgrade the schema", "upgrade", DEPLOY, ("upgrade",), command="ops upgrade {name}"),
        Response(
            "rollback_code", "Roll back the code", "rollback", BACK, ("rollback",), {"strategy": "code"}, _way("code"),
            "ops rollback {name}",
        ),
        Response(
            "rollback_schema", "Roll back the schema", "rollback", BACK, ("rollback",), {"strategy": "schema"},
            _way("schema"), "ops rollback {name}",
        ),
        Response(
            "rollback_data", "Roll back with the data of a backup", "rollback", BACK, ("rollback",),
            {"strategy": "restore"}, _way("restore"), "ops rollback {name}",
        ),
        Response(
            "rollback", "Roll back, the gentlest way that is open", "rollback", BACK, ("rollback",),
            filled=_version, command="ops rollback {name}",
        ),
        Response(
            "restore", "Restore the newest good backup", "restore", RESTORE, ("restore",),
            command="ops restore {name} --backup latest",
        ),
        Response(
            "restore_to", "Restore to just before the incident", "restore-to", RESTORE, ("restore",),
            filled=_just_before, command="ops restore {name}", naming=("until",),
        ),
        Response("key_back", "Put the old SECRET_KEY back", "key-back", ROTATE, ("key_back",),
                 command="ops key-back {name}"),
        Response(
            "rebuild", "Build the image anew, without any cache", "rebuild", DEPLOY, ("rebuild",),
            command="ops rebuild {name}",
        ),
        Response(
            "deploy", "Deploy another release", "deploy", DEPLOY, ("deploy",), filled=_release,
            command="ops deploy {name} {version}",
        ),
    )
}  # fmt: skip


def of_run(run: Run) -> Response | None:
    """Which response a run is, the closest one; None where it is none."""
    found = [each for each in RESPONSES.values() if each.made(run)]
    return max(found, key=lambda each: len(each.having) + len(each.naming), default=None)
