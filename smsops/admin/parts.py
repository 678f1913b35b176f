"""Parts of pages that other rooms bring: what a run found, shown better than as text; what is known of an object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from smsops.models import Run
from smsops.runs.plan import Plan

_PARTS: dict[str, RunPart] = {}


@dataclass(frozen=True)
class RunPart:
    """A template, and what it is given: `context` returns nothing while there is nothing to show."""

    template: str
    context: Callable[[Run, HttpRequest], dict[str, Any]]


def add_part(kind: str, part: RunPart) -> None:
    """Show `part` on the page of every run of this kind."""
    _PARTS[kind] = part


def part_of(run: Run, request: HttpRequest) -> dict[str, Any]:
    """The template's name and its context; empty where the run has no part, or nothing to show in it yet."""
    part = _PARTS.get(run.kind)
    found = part.context(run, request) if part else {}
    return {"template": part.template, **found} if part and found else {}


@dataclass(frozen=True)
class PagePart:
    """The same for any object's page, below its fields, or above them."""

    template: str
    context: Callable[[Any, HttpRequest], dict[str, Any]]
    above: bool = False


PlanLine = Callable[[Plan], str]
_PAGE_PARTS: dict[type[Model], list[PagePart]] = defaultdict(list)
_PLAN_LINES: list[PlanLine] = []


def add_page_part(model: type[Model], part: PagePart) -> None:
    """Show `part` on the page of every object of this model."""
    if part not in _PAGE_PARTS[model]:
        _PAGE_PARTS[model].append(part)


def page_parts(target: Model, request: HttpRequest) -> list[dict[str, Any]]:
    """The templates and their contexts of those that have something to show."""
    found = [(part, part.context(target, request)) for part in _PAGE_PARTS[type(target)]]
    return [{"template": part.template, "above": part.above, **context} for part, context in found if context]


def add_plan_line(line: PlanLine) -> None:
    """Let another room say a sentence on every confirmation page with a plan; an empty one is left out."""
    if line not in _PLAN_LINES:
        _PLAN_LINES.append(line)


def plan_lines(plan: Plan | None) -> list[str]:
    """What the other rooms say of this plan."""
    return [said for line in _PLAN_LINES if (said := line(plan))] if plan is not None else []
