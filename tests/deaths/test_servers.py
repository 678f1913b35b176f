"""kill -9 of smsops' own database and broker at every boundary of deploy, schema rollback and restore."""

from __future__ import annotations

import pytest

from smsops.models import RunState
from tests.backups.clusters import Cluster
from tests.backups.test_restores import left_on_the_volume
from tests.deaths.runs import ALL, GRADES, OLD
from tests.deaths.victims import Strikes, drive
from tests.places import Place

pytestmark = [pytest.mark.slow, pytest.mark.postgres]


def test_runs_go_on_by_themselves_when_their_database_dies_at_every_boundary(sms: Place, rows: Cluster) -> None:
    assert sms.deploy(OLD).state == RunState.SUCCEEDED
    grades = sms.ask(GRADES)
    for begin, version in ALL.items():
        run, strikes = begin(sms), Strikes(rows)
        with strikes.falling():
            drive(run)
        assert run.state == RunState.SUCCEEDED, run.headline
        assert sms.running_version() == version
        assert sms.serving()
        assert sms.ask(GRADES) == grades
        assert left_on_the_volume(sms) == set()
        assert len(strikes.at) >= 30
