"""The vault's page: how large it is and will be, what stays and why, where copies are, which keys there are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from backups import selectors
from backups.models import Backup
from backups.services import housekeeping, lags, log_lags, offsite_sizes, storage
from smsops.models import Environment


@dataclass(frozen=True)
class Plank:
    """One stretch of the retention: why backups stay, how many they are."""

    why: str
    count: int


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the vault of an environment to somebody who may see backups."""
    if not (request.user.has_perm("backups.view_backup") and request.user.has_perm("smsops.view_environment")):
        raise PermissionDenied
    environment = get_object_or_404(Environment, pk=pk)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": f"The vault of {environment}",
        "environment": environment,
        "storage": storage.of(environment),
        "folder": selectors.vault_of(environment).shelf.root,
        "planks": planks(environment),
        "offsite": copies_of(environment),
        "keys": keys(),
        "strip": strip(environment),
    }
    return TemplateResponse(request, "admin/backups/vault.html", context)


def copies_of(environment: Environment) -> list[dict[str, Any]]:
    """How each vault elsewhere stands, and how much is there."""
    return [
        {
            "vault": vault,
            "lag": lag,
            "trouble": " · ".join(filter(None, (vault.problem, log_lags.problem_of(vault)))),
            "commits": log_lags.said(vault),
            "size": offsite_sizes.text_of(vault),
        }
        for vault, lag in lags.standings([environment.pk])
    ]


def planks(environment: Environment) -> list[Plank]:
    """How many backups stay for which reason, and how many go with the next tidying up."""
    verdicts = housekeeping.preview(environment)
    counts = Counter(verdict.why.partition(":")[0] or "goes with the next tidying up" for verdict in verdicts)
    return [Plank(why, count) for why, count in counts.most_common()]


def keys() -> list[dict[str, Any]]:
    """Every key, and whether a copy of it was exported; never the key itself."""
    ring = selectors.keyring()
    at_risk = set(ring.at_risk())
    return [{"identity": identity, "exported": identity not in at_risk} for identity in ring.identities()]


def strip(environment: Environment) -> list[Backup]:
    """The last 96 backups, oldest first: a day of one every 15 minutes."""
    return list(Backup.objects.filter(environment=environment)[:96])[::-1]
