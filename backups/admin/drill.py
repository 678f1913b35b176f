"""Drills in the admin: the button, and the report on the run's page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest

from backups import selectors
from backups.services import drill_reports, drills
from smsops import html
from smsops.admin.actions import ActionForm, ObjectAction, Preview
from smsops.models import Environment, Run
from smsops.runs import history
from smsops.runs.plan import By


class DrillForm(ActionForm):
    """Asks which disaster."""

    prefilled: ClassVar[tuple[str, ...]] = ("scenario",)
    scenario = forms.ChoiceField(choices=[(each.key, each.title) for each in drills.SCENARIOS.values()])
    field_order: Sequence[str] = ("scenario", "reason")


class Drill(ObjectAction):
    """Rehearses a disaster in a sandbox."""

    name, label = "drill", "Drill…"
    permission = "backups.verify_backup"
    form = DrillForm

    def obstacle(self, target: Environment) -> str:
        return "" if selectors.latest_good(target) else "There is no good backup yet."

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        done = drills.last(target)
        when = f"The last one: {done.headline} ({done.created_at:%Y-%m-%d})" if done else "There was none yet."
        told = [f"{each.title}: {each.what}" for each in drills.SCENARIOS.values()]
        untouched = "The real SMS is not touched. Every time is measured and written into a report."
        return Preview((*told, untouched, history.told(target, drills.KIND), when))

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return drills.start(target, cleaned["scenario"], by)


def reported(run: Run, request: HttpRequest) -> dict[str, Any]:
    """The report, once it is written: to be read, and as the Markdown that is in the file."""
    path = run.facts.get("drill.conclude", {}).get("report", "")
    found = drill_reports.folder() / Path(path).name
    if not (path and found.is_file()):
        return {}
    text = found.read_text(encoding="utf-8")
    title, _, body = text.partition("\n")
    return {"title": title.removeprefix("# "), "report": html.of_text(body), "source": text}
