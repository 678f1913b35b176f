"""kill -9 of the Docker Engine at every boundary of deploy, schema rollback and restore, and started again at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from smsops.models import RunState
from tests.deaths.engines import ApartPlace, Engine, engine
from tests.deaths.runs import ALL, GRADES, OLD, after
from tests.deaths.victims import Strikes
from tests.places import Place, drive

# The SDK leaves sockets that never got a connection to the collector.
unclosed = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
pytestmark = [pytest.mark.slow, pytest.mark.docker, unclosed]


LAST = "switch.retire:intent"


@pytest.fixture(scope="module")
def own_engine() -> Iterator[Engine]:
    with engine() as found:
        yield found


@pytest.fixture
def apart(
    own_engine: Engine,
    tmp_path: Path,
    repository: Path,
    school: Path,
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Place]:
    """An SMS in that engine, and this process where it can be reached."""
    monkeypatch.setattr(settings, "SMSOPS_DOCKER_HOST", own_engine.url)
    with own_engine.reached():
        place = ApartPlace(tmp_path, repository, school)
        yield place
        place.clear()
    gc.collect()


def test_runs_go_on_by_themselves_when_the_engine_dies_at_every_boundary(apart: Place, own_engine: Engine) -> None:
    assert apart.deploy(OLD).state == RunState.SUCCEEDED
    grades, struck = apart.ask(GRADES), set[str]()
    for begin, version in ALL.items():
        # Behind the last look at SMS nobody starts it again, whom the engine stops when it comes back.
        strikes = Strikes(own_engine, {*struck} - {LAST}, last=LAST)
        with strikes.falling():
            run = drive(begin(apart), patience=400)
        struck |= strikes.at
        assert after(run, apart) == (RunState.SUCCEEDED, version, True, grades, set()), run.headline
    assert len(struck) >= 80
