"""Releases: read, and announced by whoever has built one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from deployments import selectors
from deployments.models import Release
from deployments.services import releases as services
from smsops.api.callers import the_caller
from smsops.api.registry import needs
from smsops.api.shapes import Name, Page, Paged, Taken, page
from smsops.models import Scope
from smsops.redact import redact_data

router = Router()
Version = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+_-]{0,59}$", description="Version of a release.")]


class ReleaseShape(Schema):
    """A release at an environment. `available`: its image is there, so it can be deployed."""

    environment: str
    version: str
    available: bool
    image_id: str
    git_ref: str
    commit: str
    committed_at: datetime | None
    released_on: date | None
    breaking: str
    heads: str
    notes: str
    imported_at: datetime


class Announced(ReleaseShape):
    """The release, and what was odd about the tags and images that were read."""

    oddities: list[str]


class ReleaseFilters(Paged):
    """Which releases."""

    environment: Name | None = None


class Announcement(Taken):
    """Which version there is now; its tag or its image is there already."""

    version: Version


def _shown(release: Release) -> dict[str, Any]:
    names = ("version", "available", "image_id", "git_ref", "commit", "committed_at", "released_on", "breaking",
             "heads", "notes", "imported_at")  # fmt: skip
    return {"environment": release.environment.name, **{name: getattr(release, name) for name in names}}


@router.get("releases", response=Page[ReleaseShape], summary="Releases, the last that came first",
            **needs(Scope.READ, "deployments.view_release"))  # fmt: skip
def releases(request: HttpRequest, asked: Query[ReleaseFilters]) -> dict[str, Any]:
    caller = the_caller(request)
    found = caller.within(Release.objects.select_related("environment").defer("graph", "changelog", "revisions"))
    return page(caller.chosen(found, asked), asked, _shown)


@router.post("environments/{name}/releases", response=Announced, summary="Announce a release",
             **needs(Scope.RELEASES, "smsops.deploy_environment"))  # fmt: skip
def announce(request: HttpRequest, name: Name, body: Announcement) -> Any:
    """The repository's tags and the engine's images are read; 409 where neither has this version."""
    environment = the_caller(request).environment(name)
    _, oddities = services.import_all(environment)
    return redact_data({**_shown(selectors.find(environment, body.version)), "oddities": oddities})
