"""A right call of every operation, and what it is made on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from smsops.models import Environment, RunState
from tests.admin.scenes import a_school
from tests.factories import make_backup, make_incident, make_run

WHY = {"reason": "the school asked for it"}


@dataclass
class Scene:
    """A school and what a call may be about."""

    school: Environment = field(default_factory=a_school)

    @property
    def destructive(self) -> dict[str, str]:
        return {**WHY, "confirm": self.school.name}

    @property
    def restore(self) -> dict[str, str]:
        return {**self.destructive, "backup": "latest"}

    @property
    def place(self) -> str:
        return f"environments/{self.school.name}"


Call = Callable[[Scene], tuple[str, Any]]
CALLS: dict[str, Call] = {
    "smsops_api_me_token": lambda scene: ("token", None),
    "smsops_api_runs_runs": lambda scene: (f"runs?environment={scene.school.name}", None),
    "smsops_api_runs_run": lambda scene: (f"runs/{make_run(scene.school).pk}", None),
    "smsops_api_runs_log": lambda scene: (f"runs/{make_run(scene.school).pk}/log", None),
    "smsops_api_runs_cancel_run": lambda scene: (
        f"runs/{make_run(scene.school, state=RunState.QUEUED).pk}/cancel", WHY
    ),
    "backups_api_backups_backups": lambda scene: ("backups", None),
    "backups_api_backups_backup": lambda scene: (f"backups/{make_backup(scene.school).pk}", None),
    "backups_api_backups_backup_plan": lambda scene: (f"{scene.place}/backup", None),
    "backups_api_backups_take_backup": lambda scene: (f"{scene.place}/backup", WHY),
    "backups_api_restores_restore_plan": lambda scene: (f"{scene.place}/restore", None),
    "backups_api_restores_restore": lambda scene: (f"{scene.place}/restore", scene.restore),
    "deployments_api_releases_releases": lambda scene: ("releases", None),
    "deployments_api_releases_announce": lambda scene: (f"{scene.place}/releases", {"version": "1.18.0"}),
    "deployments_api_deploys_rehearsal_plan": lambda scene: (f"{scene.place}/rehearsal?version=1.17.0", None),
    "deployments_api_deploys_rehearse": lambda scene: (f"{scene.place}/rehearsal", {**WHY, "version": "1.17.0"}),
    "deployments_api_deploys_deploy_plan": lambda scene: (f"{scene.place}/deploy?version=1.17.0", None),
    "deployments_api_deploys_deploy": lambda scene: (f"{scene.place}/deploy", {**WHY, "version": "1.17.0"}),
    "deployments_api_deploys_rollback_plan": lambda scene: (f"{scene.place}/rollback", None),
    "deployments_api_deploys_roll_back": lambda scene: (f"{scene.place}/rollback", scene.destructive),
    "incidents_api_environments_environments": lambda scene: ("environments", None),
    "incidents_api_environments_environment": lambda scene: (scene.place, None),
    "incidents_api_objectives_objectives": lambda scene: ("objectives", None),
    "incidents_api_incidents_incidents": lambda scene: ("incidents", None),
    "incidents_api_incidents_incident": lambda scene: (f"incidents/{make_incident(scene.school).pk}", None),
    "incidents_api_incidents_acknowledge": lambda scene: (
        f"incidents/{make_incident(scene.school).pk}/acknowledge", WHY
    ),
}  # fmt: skip
