"""Writes down what checks said, and lets go of what nobody needs any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from deployments.checks.base import Result
from deployments.models import CheckResult, Release
from smsops.environments.secrets import known_secrets
from smsops.models import Environment, Run
from smsops.redact import redact

KEEP = timedelta(days=90)  # of those asked on demand; a run's stay with it


def keep(
    results: Sequence[Result],
    stage: str,
    environment: Environment,
    release: Release | None,
    run: Run | None = None,
    *,
    on_copy: bool = False,
) -> list[CheckResult]:
    """Write the results of a stage down. Those of a run take the place of what it found when it asked before."""
    secrets, now = known_secrets(environment), timezone.now()
    rows = [
        CheckResult(
            environment=environment, run=run, release=release, stage=stage, on_copy=on_copy, at=now,
            key=each.key, section=each.section, title=each.title, verdict=each.verdict, seconds=each.seconds,
            detail=redact(each.detail, secrets), fix=redact(each.fix, secrets),
        )
        for each in results
    ]  # fmt: skip
    with transaction.atomic():
        if run is not None:
            CheckResult.objects.filter(run=run, stage=stage).delete()
        return CheckResult.objects.bulk_create(rows)


def tidy(environment: Environment) -> int:
    """Let go of what was asked on demand long ago; returns how many results that were."""
    old = CheckResult.objects.filter(environment=environment, run=None, at__lt=timezone.now() - KEEP)
    return old.delete()[0]
