"""Runs: read, and cancelled."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router, Schema
from ninja.renderers import JSONRenderer
from ninja.responses import Status
from pydantic import Field

from smsops.admin import addresses  # noqa: F401  (makes “{row:…}” known)
from smsops.api.callers import the_caller
from smsops.api.problems import missing
from smsops.api.registry import needs
from smsops.api.shapes import Name, Number, Page, Paged, Why, page
from smsops.limits import within
from smsops.models import Approval, Run, RunState, Scope, Step, StepState
from smsops.redact import redact, redact_data
from smsops.runs import cancel
from smsops.runs.plan import THROUGH

router = Router()
Lines = Annotated[int, Field(ge=1, le=1000)]


class StepShape(Schema):
    """One step of a run."""

    step: str
    title: str
    phase: str
    state: StepState
    progress: str
    error: str
    work_seconds: float
    started_at: datetime | None
    finished_at: datetime | None


class ApprovalShape(Schema):
    """What a second person decided, or that nobody has yet."""

    decision: str
    asked_by: str
    decided_by: str
    note: str
    expires_at: datetime


class RunShape(Schema):
    """A run. It is over when `finished_at` is set, and well only when `state` is `succeeded`."""

    run: int
    kind: str
    title: str
    environment: str
    state: RunState
    verdict: str
    headline: str
    cause: str
    by: str
    through: str
    reason: str
    seconds: float | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested: bool
    approval: ApprovalShape | None
    by_hand: list[str]


class WholeRun(RunShape):
    """A run with its steps."""

    steps: list[StepShape]


class Tail(Schema):
    """The last lines of what a run's steps have said."""

    run: int
    finished: bool
    lines: list[str]


class Said(Schema):
    """What will come of it, in a sentence."""

    said: str


class RunFilters(Paged):
    """Which runs."""

    environment: Name | None = None
    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,30}$")] | None = None
    state: RunState | None = None


def seen(request: HttpRequest) -> QuerySet[Run]:
    """The runs this caller may see."""
    caller = the_caller(request)
    found = within(Run.objects.select_related("environment", "approval"), caller.user)
    return caller.within(found)


def find(request: HttpRequest, number: int) -> Run:
    """The run of that number; Problem 404."""
    run = seen(request).filter(pk=number).first()
    if run is None:
        raise missing(f"run {number}")
    return run


def shown(run: Run) -> dict[str, Any]:
    """A run as it is told."""
    names = ("kind", "title", "state", "headline", "cause", "reason", "seconds", "created_at", "started_at",
             "finished_at", "cancel_requested")  # fmt: skip
    return {
        "run": run.pk,
        **{name: getattr(run, name) for name in names},
        "environment": run.environment.name,
        "verdict": run.get_state_display(),
        "by": run.actor_name,
        "through": run.facts.get(THROUGH, ""),
        "approval": _approval(run),
        "by_hand": run.facts.get("by_hand", []),
    }


def accepted(run: Run) -> HttpResponse:
    """202: the run was written down. Where to look is in `Location`."""
    body = JSONRenderer().render(None, RunShape(**redact_data(shown(run))), response_status=202)  # type: ignore[arg-type]
    where = reverse("api:run", kwargs={"number": run.pk})
    return HttpResponse(body, status=202, content_type="application/json", headers={"Location": where})


@router.get("runs", response=Page[RunShape], summary="Runs, the newest first", **needs(Scope.READ, "smsops.view_run"))
def runs(request: HttpRequest, asked: Query[RunFilters]) -> dict[str, Any]:
    return page(the_caller(request).chosen(seen(request), asked), asked, shown)


@router.get(
    "runs/{row:number}", response=WholeRun, summary="One run, with its steps", url_name="run",
    **needs(Scope.READ, "smsops.view_run"),
)  # fmt: skip
def run(request: HttpRequest, number: Number) -> dict[str, Any]:
    found = find(request, number)
    return redact_data({**shown(found), "steps": [_step(step) for step in found.steps.all()]})  # type: ignore[no-any-return]


@router.get(
    "runs/{row:number}/log", response=Tail, summary="The last lines of what a run has said",
    **needs(Scope.READ, "smsops.view_run"),
)  # fmt: skip
def log(request: HttpRequest, number: Number, lines: Lines = 100) -> dict[str, Any]:
    found = find(request, number)
    told = [line for step in found.steps.all() for line in _lines(step)]
    return {"run": found.pk, "finished": found.finished, "lines": redact("\n".join(told[-lines:])).splitlines()}


@router.post(
    "runs/{row:number}/cancel", response={202: Said}, summary="Cancel a run",
    **needs(Scope.CANCEL, "smsops.cancel_run"),
)  # fmt: skip
def cancel_run(request: HttpRequest, number: Number, body: Why) -> Any:
    """It stops after the step it is in and undoes what it did; past the point of no return it finishes first."""
    return Status(202, {"said": cancel.request(find(request, number), the_caller(request).by(body.reason))})


def _approval(run: Run) -> dict[str, Any] | None:
    found: Approval | None = getattr(run, "approval", None)
    if found is None:
        return None
    return {
        "decision": found.decision,
        "asked_by": found.requested_name,
        "decided_by": found.decided_name,
        "note": found.note,
        "expires_at": found.expires_at,
    }


def _step(step: Step) -> dict[str, Any]:
    names = ("title", "phase", "state", "progress", "error", "work_seconds", "started_at", "finished_at")
    return {"step": step.kind, **{name: getattr(step, name) for name in names}}


def _lines(step: Step) -> list[str]:
    said = "\n".join(part for part in (step.output, step.progress, step.error) if part)
    return [f"[{step.title}] {line}" for line in said.splitlines()]
