"""The dashboard: what is wrong, what is running, how every environment is; all of it measured (U3)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from backups.services import forecast
from incidents import selectors
from smsops.limits import within
from smsops.models import Environment, Run

STRIP = 48  # backups in the strip: half a day at one every 15 minutes
BUTTONS = (
    ("backup", "Back up now", "smsops.backup_environment", ""),
    ("deploy", "Deploy…", "smsops.deploy_environment", ""),
    ("rollback", "Roll back…", "smsops.rollback_environment", "danger"),
    ("restore", "Restore…", "smsops.restore_environment", "danger"),
)


def panel(request: HttpRequest) -> dict[str, Any]:
    """What the dashboard shows to somebody who may look at environments."""
    if not request.user.has_perm("smsops.view_environment"):
        return {}
    statuses, strips = selectors.statuses(request.user), selectors.backup_strips(STRIP)
    sees_runs = request.user.has_perm("smsops.view_run")
    sees_incidents = request.user.has_perm("incidents.view_incident")
    return {
        "cards": [{"status": status, "buttons": _buttons(request, status.environment.pk)} for status in statuses],
        "strips": strips if sees_runs else {},
        "live": [incident for status in statuses for incident in status.incidents] if sees_incidents else [],
        "running": [run for status in statuses for run in status.running] if sees_runs else [],
        "recent": list(within(Run.objects.select_related("environment"), request.user)[:8]) if sees_runs else [],
        "breaches": forecast.breaches(Environment.objects.all(), strips),
        "beat_late": selectors.watcher_late(statuses),
    }


def _buttons(request: HttpRequest, environment_id: int) -> list[dict[str, str]]:
    return [
        {
            "label": label,
            "tone": tone,
            "url": reverse("admin:smsops_environment_do", args=[environment_id, name]),
        }
        for name, label, permission, tone in BUTTONS
        if request.user.has_perm(permission)
    ]
