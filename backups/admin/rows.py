"""Looking into a backup and putting rows back, in the admin (B11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest
from django.urls import reverse

from backups.models import Backup
from backups.services import recoveries
from smsops.admin.actions import ObjectAction, Preview, ReasonedForm
from smsops.admin.planned import PlannedAction
from smsops.models import Run
from smsops.runs.plan import By, Plan, active_exclusive, busy

WORDS = {
    "removed": "rows that are gone",
    "hidden": "rows that were marked as deleted",
    "changed": "rows that have other values now",
}


class Compare(PlannedAction):
    """Counts what was added, changed and removed since."""

    name, label = "compare", "Compare with now"
    permission = "backups.verify_backup"

    def obstacle(self, target: Backup) -> str:
        return f"This backup is damaged: {target.damage}" if target.damage else ""

    def plan(self, target: Backup) -> Plan:
        return recoveries.plan_comparison(target)

    def perform(self, target: Backup, by: By, cleaned: dict[str, Any]) -> Run:
        return recoveries.compare(target, by)


class PutBackForm(ReasonedForm):
    """Asks which rows of which table."""

    prefilled: ClassVar[tuple[str, ...]] = ("table", "which", "keys", "with_children", "only_look")
    table = forms.ChoiceField()
    which = forms.MultipleChoiceField(
        label="All", required=False, choices=list(WORDS.items()), widget=forms.CheckboxSelectMultiple
    )
    keys = forms.CharField(
        label="Or these, by their keys",
        required=False,
        max_length=2000,
        help_text="Numbers, stretches like 20-25, or text, with commas between.",
    )
    with_children = forms.BooleanField(
        label="And the rows of other tables that hang on them", required=False, initial=True
    )
    only_look = forms.BooleanField(label="Only show what would go back", required=False, initial=True)
    field_order: Sequence[str] = ("table", "which", "keys", "with_children", "only_look", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["table"]
        assert isinstance(field, forms.ChoiceField)
        counts: dict[str, int] = self.target.row_counts  # type: ignore[attr-defined]
        field.choices = [(name, f"{name} ({count:,} then)") for name, count in sorted(counts.items())]

    def clean_keys(self) -> list[list[int | str]]:
        return [[key] for part in self.cleaned_data["keys"].split(",") if part.strip() for key in _keys(part.strip())]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned["which"] and not cleaned["keys"]:
            raise forms.ValidationError("Say which rows: all of a kind, or some by their keys.")
        return cleaned


def _keys(text: str) -> Sequence[int | str]:
    """`17` and `20-25` are numbers; everything else is one key as it stands."""
    first, dash, last = text.partition("-")
    if dash and first.isdigit() and last.isdigit():
        if int(last) - int(first) > 10_000:
            raise forms.ValidationError(f"{text} is too long a stretch.")
        return range(int(first), int(last) + 1)
    return [int(text)] if text.isdigit() else [text]


class PutBack(ObjectAction):
    """Puts chosen rows back while SMS runs."""

    name, label = "put-back", "Put rows back…"
    permission = "smsops.restore_environment"
    form = PutBackForm

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
