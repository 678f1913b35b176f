"""Backups: read, and taken."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from backups.models import Backup, Proof, Reason
from backups.services import backups as services
from smsops.api.callers import the_caller
from smsops.api.problems import missing
from smsops.api.registry import needs
from smsops.api.runs import RunShape
from smsops.api.shapes import Name, Number, Page, Paged, page
from smsops.api.starting import PlanShape, Start, shown, start
from smsops.models import Scope
from smsops.redact import redact_data

router = Router()
SEE, TAKE = needs(Scope.READ, "backups.view_backup"), "smsops.backup_environment"


class BackupShape(Schema):
    """A backup. `good`: a restore may begin with it. `damage` empty: nothing bad is known of it."""

    number: int
    environment: str
    identifier: str
    taken_at: datetime
    reason: Reason
    proof: Proof
    good: bool
    damage: str
    here: bool
    pinned: bool
    size: int
    stored_size: int
    digest: str
    release: str
    schema_revision: str
    row_counts: dict[str, int]
    run: int | None


class BackupFilters(Paged):
    """Which backups."""

    environment: Name | None = None
    good: Annotated[bool | None, Field(description="Only those a restore may begin with, or only the others.")] = None


def _seen(request: HttpRequest) -> QuerySet[Backup]:
    return the_caller(request).within(Backup.objects.select_related("environment"))


def _shown(backup: Backup) -> dict[str, Any]:
    names = ("identifier", "taken_at", "reason", "proof", "good", "damage", "here", "pinned", "size", "stored_size",
             "schema_revision", "row_counts")  # fmt: skip
    return {
        "number": backup.pk,
        "environment": backup.environment.name,
        **{name: getattr(backup, name) for name in names},
        "digest": backup.root,
        "release": backup.release_version,
        "run": backup.run_id,
    }


@router.get("backups", response=Page[BackupShape], summary="Backups, the newest first", **SEE)
def backups(request: HttpRequest, asked: Query[BackupFilters]) -> dict[str, Any]:
    found = the_caller(request).chosen(_seen(request), asked, apart=("good",))
    if asked.good is not None:
        fit = found.filter(damage="", here=True).exclude(proof=Proof.STORED)
        found = fit if asked.good else found.exclude(pk__in=fit.values("pk"))
    return page(found, asked, _shown)


@router.get("backups/{row:number}", response=BackupShape, summary="One backup", **SEE)
def backup(request: HttpRequest, number: Number) -> dict[str, Any]:
    found = _seen(request).filter(pk=number).first()
    if found is None:
        raise missing(f"backup {number}")
    return redact_data(_shown(found))  # type: ignore[no-any-return]


@router.get("environments/{name}/backup", response=PlanShape, summary="What a backup would do",
            **needs(Scope.READ, TAKE))  # fmt: skip
def backup_plan(request: HttpRequest, name: Name) -> Any:
    return shown(services.plan(the_caller(request).environment(name)))


@router.post("environments/{name}/backup", response={202: RunShape}, summary="Take a backup",
             **needs(Scope.BACKUP, TAKE))  # fmt: skip
def take_backup(request: HttpRequest, name: Name, body: Start) -> HttpResponse:
    caller = the_caller(request)
    return start(services.plan(caller.environment(name)), body, caller)
