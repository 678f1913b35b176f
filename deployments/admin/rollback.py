"""The button that goes back: which ways there are, what each costs, and the plan of the one that is chosen."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest

from deployments import selectors
from deployments.models import Release
from deployments.services import rollbacks
from deployments.strategies.choice import AUTO, TITLES, Strategy, WayBack
from smsops.admin.actions import DestructiveForm, Preview
from smsops.admin.planned import ExclusiveAction
from smsops.errors import OpsError
from smsops.models import Environment, Risk, Run
from smsops.runs.plan import By, Plan
from smsops.runtimes.registry import runtime_for

WAYS = [(AUTO, "The gentlest that is open"), *((each.value, TITLES[each]) for each in Strategy)]


def earlier_release_known(target: Any) -> bool:
    """Whether smsops knows which release ran before the present one."""
    running = runtime_for(target).inspect(target.instance)
    return selectors.previous_release(target, running) is not None


class RollBackForm(DestructiveForm):
    """Asks how far back, and which way."""

    prefilled = ("version", "strategy")
    version = forms.ChoiceField(label="To release", required=False)
    strategy = forms.ChoiceField(label="What goes back", choices=WAYS, initial=AUTO, required=False)
    field_order: Sequence[str] = ("version", "strategy", "typed_name", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Release.objects.filter(environment_id=self.target.pk).exclude(image_id="")
        field = self.fields["version"]
        assert isinstance(field, forms.ChoiceField)
        before: list[tuple[str, str]] = []
        with contextlib.suppress(OpsError):  # an engine that is away is the page's obstacle, not the form's
            before = [("", "the one that ran before")] if earlier_release_known(self.target) else []
        field.choices = before + [(release.version, release.version) for release in known]


class RollBack(ExclusiveAction):
    """Goes back to an earlier release: by code alone, with its schema, or with the data of a backup."""

    name, label, tone, place = "rollback", "Roll back…", "danger", 3
    permission = "smsops.rollback_environment"
    form = RollBackForm

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        asked = request.POST or request.GET
        version, strategy = asked.get("version", ""), asked.get("strategy", "") or AUTO
        if not version and not earlier_release_known(target):
            said = "smsops knows of no release that ran here before this one: choose the one to go back to."
            return Preview((said,), risk=Risk.DISTURBING)
        plan = rollbacks.plan(target, version, strategy)
        ways = rollbacks.ways(target, version)
        told = {said for way in ways for said in (f"{way.title}: {way.why}", f"It takes {way.takes}.", *way.costs)}
        return Preview([note for note in plan.notes if note not in told], plan, [_ways(ways, plan)])

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return rollbacks.start(target, by, cleaned["version"], cleaned["strategy"] or AUTO)


def _ways(ways: Sequence[WayBack], plan: Plan) -> dict[str, Any]:
    """All three, the chosen one marked, each with its price."""
    version = plan.params["version"]
    lines = [_line(way, version, chosen=way.strategy == plan.params["strategy"]) for way in ways]
    return {"template": "admin/deployments/_ways.html", "version": version, "lines": lines}


def _line(way: WayBack, version: str, *, chosen: bool) -> dict[str, Any]:
    word = "This one" if chosen else "Possible" if way.open else "Not possible"
    tone = ("warn" if way.costs else "pass") if chosen else "quiet"
    query = urlencode({"version": version, "strategy": way.strategy.value})
    return {"way": way, "word": word, "tone": tone, "chosen": chosen,
            "address": f"?{query}" if way.open and not chosen else ""}  # fmt: skip
