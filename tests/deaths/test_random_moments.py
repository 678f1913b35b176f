"""kill -9 at random moments of deploys, schema rollbacks and restores that a real crew works on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from smsops.models import RunState
from tests.backups.clusters import Cluster
from tests.brokers import Redis
from tests.deaths.hunts import BAR, PRODUCT, Hunt
from tests.deaths.runs import OLD
from tests.deaths.stories import Story
from tests.places import Place
from tests.workers.conftest import Crew

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.redis]
SEED, A_RUN = 20261128, 7
KILLS = int(os.environ.get("SMSOPS_TEST_KILLS", "40"))  # 200 take ten minutes
WEIGHTS = {"process": 5, "worker": 1, "Redis": 4, "PostgreSQL": 4}


@pytest.fixture
def crew(broker: Redis, sms: Place, tmp_path: Path) -> Iterator[Crew]:
    found = Crew(broker.url, tmp_path, **PRODUCT)
    yield found
    found.end()


def test_nothing_is_half_done_after_kills_at_random_moments(
    crew: Crew, sms: Place, rows: Cluster, broker: Redis, tmp_path: Path
) -> None:
    assert sms.deploy(OLD).state == RunState.SUCCEEDED
    assert sms.back_up().state == RunState.SUCCEEDED
    story = Story(sms)
    hunt = Hunt(crew, {"Redis": broker, "PostgreSQL": rows}, Random(SEED), WEIGHTS)
    while hunt.total < KILLS:
        story.check(hunt.follow(story.begin(), min(A_RUN, KILLS - hunt.total)))
    print(f"seed {SEED}: {dict(hunt.kills)}; {dict(story.verdicts)}")
    print(f"{len(hunt.pauses)} deaths of a worker at work; another one had it within {max(hunt.pauses):.1f} s")
    assert max(hunt.pauses) < BAR
