"""What the tests of the recovery clock share: ways as somebody saw them, and a history of responses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from incidents.clock.known import KINDS
from incidents.models import Incident, Reckoning
from smsops.models import Environment, Run
from tests.factories import make_incident, make_run

ALL = tuple(kind.key for kind in KINDS)
WAY_RUNS: dict[str, dict[str, Any]] = {
    "restart": {"kind": "restart"},
    "rollback_code": {"kind": "rollback", "params": {"strategy": "code"}},
    "rollback_schema": {"kind": "rollback", "params": {"strategy": "schema"}},
    "rollback_data": {"kind": "rollback", "params": {"strategy": "restore"}},
    "restore": {"kind": "restore"},
    "restore_to": {"kind": "restore", "params": {"until": "2026-03-01T12:00:00+00:00"}},
}


def ago(**span: float) -> Any:
    return timezone.now() - timedelta(**span)


def away(environment: Environment, minutes: float, **fields: Any) -> Incident:
    """SMS has been away for so long."""
    found = {"issue": "service", "fingerprint": "service", "detected_at": ago(minutes=minutes), **fields}
    return make_incident(environment, **found)


def seen(incident: Incident, *opened: str, **more: dict[str, Any]) -> Reckoning:
    """These ways are open, all others closed; `more` says something else of one."""
    ways: dict[str, Any] = {
        key: {"open": key in opened, "why": "Seen.", "costs": [], "back_to": "", "at": timezone.now().isoformat()}
        for key in ALL
    }
    for key, said in more.items():
        ways[key] |= said
    return Reckoning.objects.create(incident=incident, ways=ways, looked_at=timezone.now(), seconds=0.2)


def took(environment: Environment, key: str, *seconds: float) -> list[Run]:
    """Responses that ended well yesterday, and took so long."""
    began = ago(days=1)
    return [
        make_run(environment, **WAY_RUNS[key], disturbs=True, started_at=began,
                 finished_at=began + timedelta(seconds=each))
        for each in seconds
    ]  # fmt: skip
