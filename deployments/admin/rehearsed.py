"""What was rehearsed, on the release's page and beside the buttons that deploy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from deployments.models import Release
from deployments.services import rehearsals, rehearsed
from smsops.admin.parts import PagePart, RunPart
from smsops.models import Environment, Run, RunState

TEMPLATE = "admin/deployments/_rehearsal.html"
TONES = {"never": "quiet", "passed": "pass", "failed": "fail", "outdated": "warn"}
OFFERED, TRIED = 8, 200  # releases listed where one is chosen; rehearsals looked at for them


def of_release(release: Release, request: HttpRequest) -> dict[str, Any]:
    """The newest rehearsal, for its page; nothing for a release without an image, which cannot be rehearsed."""
    if not release.image_id:
        return {}
    result = rehearsed.of(release)
    return {"result": result, "tone": TONES[result.state], "linked": request.user.has_perm("smsops.view_run")}


def beside_deploy(release: Release, request: HttpRequest) -> list[dict[str, Any]]:
    """The same, beside the Deploy button."""
    found = of_release(release, request)
    return [{"template": TEMPLATE, **found}] if found else []


def of_environment(environment: Environment, request: HttpRequest) -> list[dict[str, Any]]:
    """In a line each, for those of the releases one may choose from that were rehearsed."""
    runs = environment.runs.filter(kind=rehearsals.KIND, finished_at__isnull=False)
    known = {params.get("release") for params in runs.values_list("params", flat=True)[:TRIED]}
    releases = Release.objects.filter(environment=environment, pk__in=known - {None}).exclude(image_id="")
    lines = list(_lines(releases[:OFFERED], request))
    return [{"template": "admin/deployments/_rehearsals.html", "lines": lines}]


def after_rehearsal(run: Run, request: HttpRequest) -> dict[str, Any]:
    """What comes next once a rehearsal went well: its release's deploy, for who may."""
    if run.state != RunState.SUCCEEDED or not request.user.has_perm("smsops.deploy_environment"):
        return {}
    release = Release.objects.filter(pk=run.params.get("release")).exclude(image_id="").first()
    return {"release": release} if release is not None else {}


def _lines(releases: Iterable[Release], request: HttpRequest) -> Iterable[dict[str, Any]]:
    for release in releases:
        yield {"release": release, **of_release(release, request)}


OF_RELEASE = PagePart(TEMPLATE, of_release, above=True)
NEXT = RunPart("admin/deployments/_rehearsal_next.html", after_rehearsal)
