"""Looking into a backup and putting rows back, in the admin (B11)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from backups.admin.row_form import PutBackForm
from backups.models import Backup
from backups.services import recoveries
from smsops.admin.actions import ObjectAction, Preview
from smsops.admin.planned import PlannedAction
from smsops.models import Run
from smsops.runs import history
from smsops.runs.plan import By, Plan, active_exclusive, busy


class Compare(PlannedAction):
    """Counts what was added, changed and removed since."""

    name, label, place = "compare", "Compare with now", 3
    permission = "backups.verify_backup"

    def obstacle(self, target: Backup) -> str:
        return f"This backup is damaged: {target.damage}" if target.damage else ""

    def plan(self, target: Backup) -> Plan:
        return recoveries.plan_comparison(target)

    def perform(self, target: Backup, by: By, cleaned: dict[str, Any]) -> Run:
        return recoveries.compare(target, by)


class PutBack(ObjectAction):
    """Puts chosen rows back while SMS runs."""

    name, label, place = "put-back", "Put rows back…", 2
    permission = "smsops.restore_environment"
    form = PutBackForm

    def destroys(self, cleaned: dict[str, Any]) -> bool:
        return not cleaned["only_look"]  # rows that are there are overwritten

    def obstacle(self, target: Backup) -> str:
        if target.damage:
            return f"This backup is damaged: {target.damage} Choose an older one."
        other = active_exclusive(target.environment)
        return busy(other) if other else ""

    def preview(self, target: Backup, request: HttpRequest) -> Preview:
        return Preview((
            "Only a look first: what would go back is worked out and shown, and nothing is changed.",
            "Without the look: a backup is taken, then the rows go back in one transaction while SMS runs: all of them "
            "or none.",
            "Rows they need come along; a row whose place somebody else took stops everything, with its name.",
            history.told(target.environment, "row_recovery"),
        ))  # fmt: skip

    def perform(self, target: Backup, by: By, cleaned: dict[str, Any]) -> Run:
        chosen = {cleaned["table"]: [*cleaned["which"], *cleaned["keys"]]}
        children, look = cleaned["with_children"], cleaned["only_look"]
        return recoveries.put_back(target, chosen, by, with_children=children, dry_run=look)


def compared(run: Run, request: HttpRequest) -> dict[str, Any]:
    """The table of a comparison, with a link to put back what is lost of each table."""
    tables: list[dict[str, Any]] = run.facts.get("rows.compare", {}).get("tables", [])
    may = request.user.has_perm(PutBack.permission)
    return {"tables": [{**each, "link": _link(run, each) if may else ""} for each in tables]} if tables else {}


def _link(run: Run, table: dict[str, Any]) -> str:
    lost = [word for word in ("removed", "hidden") if table[word]]
    return _door(run, [("table", table["table"]), *(("which", word) for word in lost)]) if lost else ""


def _door(run: Run, fields: list[tuple[str, Any]]) -> str:
    where = reverse("admin:backups_backup_do", args=[run.params["backup"], PutBack.name])
    return f"{where}?{urlencode(fields)}"


def looked_at(run: Run, request: HttpRequest) -> dict[str, Any]:
    """What would go back, what hangs on it, what stands against it, and the link that does it."""
    found = run.facts.get("rows.plan", {})
    if not found:
        return {}
    ((table, picks),) = list(run.params["chosen"].items())[:1] or [("", [])]
    fields: list[tuple[str, Any]] = [("table", table), ("only_look", "")]
    fields += [("which", pick) for pick in picks if isinstance(pick, str)]
    fields.append(("keys", ",".join(str(pick[0]) for pick in picks if not isinstance(pick, str))))
    fields.append(("with_children", "on" if run.params["with_children"] else ""))
    offered = bool(run.params.get("dry_run")) and request.user.has_perm(PutBack.permission) and run.finished
    return {"found": found, "link": _door(run, fields) if offered and found.get("tables") else ""}
