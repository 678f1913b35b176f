"""What the walks share: a school that smsops runs, with people in it, and the worker and beat that do the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.school_client import School
from tests.places import ADMIN, Place, drive
from tests.workers.conftest import Crew, working

SchoolOn = Callable[..., Place]
PATIENCE = 300.0  # seconds: a browser, a worker and much else runs beside it


@pytest.fixture
def at_work(tmp_path: Path, transactional_db: None) -> Iterator[Crew]:
    """A worker and beat, as the guide has them started."""
    with working(tmp_path) as crew:
        yield crew


@pytest.fixture
def sms(process_place: Place) -> Place:
    """SMS 1.18.1 with 200 students, deployed by smsops; scheduled backups are off, so that nobody comes in between."""
    process_place.environment.backups_enabled = False
    run = process_place.deploy("1.18.1")
    assert run.state == "succeeded", run.headline
    return process_place


@pytest.fixture
def people(sms: Place) -> School:
    """Those who work in it: they see how many students there are, and delete some by mistake."""
    found = School(sms.environment.base_url, ADMIN[1])
    found.sign_in()
    return found


@pytest.fixture
def school_on(process_place: Place) -> SchoolOn:
    """A school on the last of these releases, each deployed by smsops."""

    def begin(*versions: str) -> Place:
        process_place.environment.title = "The school"
        process_place.environment.save()
        ended = [drive(process_place.plan_deploy(version), PATIENCE) for version in versions]
        assert [run.state for run in ended] == ["succeeded"] * len(versions), [run.headline for run in ended]
        return process_place

    return begin
