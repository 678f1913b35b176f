"""The part of a restore's confirmation page that says what comes back and what is lost."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from backups.admin.rows import Compare
from backups.models import Backup
from backups.services import outlook

TEMPLATE = "admin/backups/_outlook.html"


def part(backup: Backup, request: HttpRequest) -> dict[str, Any]:
    """The tables that differ, and the way to the comparison that knows it row by row."""
    may = request.user.has_perm(Compare.permission)
    door = reverse("admin:backups_backup_do", args=[backup.pk, Compare.name])
    return {"template": TEMPLATE, "outlook": outlook.of(backup), "door": door if may else ""}
