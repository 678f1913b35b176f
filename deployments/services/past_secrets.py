"""Secrets SMS had until lately: what is written into logs and evidence now may still be about then."""

from __future__ import annotations

from functools import lru_cache

from deployments.models import ConfigSnapshot
from smsops.environments.secrets import secrets_in
from smsops.models import Environment

SNAPSHOTS = 4  # newest ones that are asked; a rotation takes two


def of(environment: Environment) -> list[str]:
    """The values under secret names in the env files of the newest config snapshots."""
    newest = ConfigSnapshot.objects.filter(environment_id=environment.pk).values_list("pk", "digest")[:SNAPSHOTS]
    return [secret for pk, digest in newest for secret in _of_snapshot(pk, digest)]


@lru_cache(maxsize=64)
def _of_snapshot(pk: int, digest: str) -> tuple[str, ...]:
    """Opened once in a process: it is asked for with every line of a journal, and a snapshot never changes."""
    content = ConfigSnapshot.objects.values_list("env_content", flat=True).get(pk=pk)
    return tuple(secrets_in(content.splitlines()))
