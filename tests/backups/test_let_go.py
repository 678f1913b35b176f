"""The list of backups that were let go of does not grow without an end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from backups.models import LetGo
from backups.services import housekeeping
from backups.services.offsite_tidying import REMEMBERED
from smsops.models import Environment
from tests.factories import make_environment, make_offsite_vault

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def let_go(environment: Environment, ago: timedelta) -> str:
    """A backup of which that was written down so long ago."""
    row = LetGo.objects.create(environment=environment, identifier=f"{ago}", at=timezone.now() - ago)
    return row.identifier


def listed() -> set[str]:
    return set(LetGo.objects.values_list("identifier", flat=True))


def test_it_is_forgotten_when_every_vault_has_long_been_cleared_of_it() -> None:
    environment = make_environment()
    for grace in (7, 40):
        make_offsite_vault(environment, grace_days=grace)
    let_go(environment, REMEMBERED + 41 * DAY)
    kept = let_go(environment, REMEMBERED + 39 * DAY)
    housekeeping.do_chores(environment)
    assert listed() == {kept}


def test_what_is_of_another_environment_stays() -> None:
    kept = let_go(make_environment(), REMEMBERED + 41 * DAY)
    housekeeping.do_chores(make_environment())
    assert listed() == {kept}
