"""From a run's page to the backup it took, or is about."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from backups.models import Backup
from smsops.admin.parts import PagePart
from smsops.models import Run


def backup_of(run: Run, request: HttpRequest) -> dict[str, Any]:
    """The backup, for who may see it; nothing where there is none, or not yet, or not any more."""
    pk = run.facts.get("backup.catalogue", {}).get("backup") or run.params.get("backup")
    if pk is None or not request.user.has_perm("backups.view_backup"):
        return {}
    found = Backup.objects.filter(pk=pk).select_related("environment").first()
    return {"backup": found, "taken": found.run_id == run.pk} if found is not None else {}


PART = PagePart("admin/backups/_of_run.html", backup_of)
