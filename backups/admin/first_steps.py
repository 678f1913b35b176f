"""What the backups ask for once the first one is there: copies elsewhere, and the keys kept apart."""

from __future__ import annotations

from django.urls import reverse

from backups import selectors
from backups.models import OffsiteVault
from smsops import first_steps
from smsops.first_steps import FirstStep
from smsops.models import Environment


def _copied(environment: Environment) -> bool:
    return OffsiteVault.objects.filter(environment=environment, enabled=True).exists()


def _add(environment: Environment) -> str:
    return f"{reverse('admin:backups_offsitevault_add')}?environment={environment.pk}"


def _escrowed(_: Environment) -> bool:
    ring = selectors.keyring()
    return bool(ring.identities()) and not ring.at_risk()


def register() -> None:
    """Make them known; twice is fine."""
    first_steps.add(KEYS, ELSEWHERE)


KEYS = FirstStep(
    "Keep the keys elsewhere",
    "Without them nobody can read a backup: “python manage.py ops vault export-keys FILE”, and keep FILE apart from "
    "the vault.",
    _escrowed,
)
ELSEWHERE = FirstStep(
    "Copies off-site",
    "This machine's disk is not the only place: S3, Azure, SFTP, or a folder of another machine.",
    _copied,
    _add,
    "backups.add_offsitevault",
)
