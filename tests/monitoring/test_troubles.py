"""The figures say whether something of smsops itself is wrong, and not what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from backups.models import OwnBackups
from incidents.monitoring import exposition
from tests.audit.broken import break_chain
from tests.monitoring.figures import figures

pytestmark = pytest.mark.django_db


def test_where_all_is_well_each_trouble_is_nought() -> None:
    found = {name: value for name, value in figures().items() if name.startswith("trouble")}
    assert found == {'trouble{of="audit"}': 0, 'trouble{of="own-backup"}': 0}


def test_a_broken_trail_is_told_with_when_that_was_found() -> None:
    before = timezone.now().timestamp()
    break_chain()
    found = figures()
    assert (found['trouble{of="audit"}'], found['trouble{of="own-backup"}']) == (1, 0)
    assert before < found["audit_verified_timestamp_seconds"] <= timezone.now().timestamp()
    assert b"not as it was written" not in exposition.exposed()


def test_own_backups_that_are_late_are_told_with_when_the_last_was_taken() -> None:
    long_ago = timezone.now() - timedelta(hours=27)
    OwnBackups.objects.create(pk=1, taken_at=long_ago)
    found = figures()
    assert found['trouble{of="own-backup"}'] == 1
    assert found["own_backup_last_timestamp_seconds"] == pytest.approx(long_ago.timestamp())
