"""Whoever escalates and sends is killed at any moment (`kill -9`): nothing is lost, and what came twice is marked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from incidents.models import Page, PageState
from smsops.models import Environment
from tests.paging import killing
from tests.paging.letters import Letters, counting, fair
from tests.paging.storm import storm

TRIALS = int(os.environ.get("SMSOPS_TESTS_TRIALS", "12"))  # `make bench` does a hundred


@pytest.fixture
def letters(tmp_path: Path, settings: Any) -> Iterator[Letters]:
    """A counting mail server, and smsops set to use it."""
    with counting(tmp_path) as found:
        settings.EMAIL_BACKEND = "incidents.channels.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.port
        yield found


@pytest.mark.slow
def test_after_every_kill_one_sweep_delivers_everything_once_or_says_that_it_may_be_twice(
    transactional_db: None, environment: Environment, letters: Letters
) -> None:
    killing.crowd()
    cost = killing.try_it(environment, letters, TRIALS)
    print(cost)
    assert cost.pages == (TRIALS + 1) * killing.ASKED
    assert (cost.lost, cost.unmarked, cost.asked_twice, cost.late) == (0, 0, 0, 0)
    assert cost.met["while one was on its way"]
    assert cost.met["before the step"]


@pytest.mark.slow
def test_kills_between_the_batches_of_a_storm_lose_and_double_nothing(
    transactional_db: None, environment: Environment, letters: Letters
) -> None:
    found = storm(environment, 30)
    assert killing.storm_through(found, 6) >= 2
    pages = list(Page.objects.all())
    assert len(pages) == 30
    assert {page.state for page in pages} == {PageState.SENT}
    assert fair(pages, letters.copies(pages))
