"""A hundred times `kill -9` on whoever escalates and sends, at a random moment: nothing is lost, and whatever came
twice is marked."""

from __future__ import annotations

import os
import select
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections

from incidents.models import Incident, Page, PageState
from incidents.services import incidents, sweep
from smsops.models import Environment
from tests.paging.conftest import DOWN
from tests.paging.letters import Letters, counting, fair
from tests.paging.people import contact, person, policy

TRIALS, SEED = 100, 20260304


@pytest.fixture
def letters(tmp_path: Path, settings: Any) -> Iterator[Letters]:
    """A counting mail server, and smsops set to use it."""
    with counting(tmp_path) as found:
        settings.EMAIL_BACKEND = "incidents.channels.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.port
        yield found


def killed_after(act: Callable[[], object], seconds: float) -> None:
    """Run `act` in another process and kill that one so many seconds after it began."""
    told, tell = os.pipe()
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(tell, b"!")
            act()
        finally:
            os._exit(1)  # never back into the tests
    os.read(told, 1)
    select.select([], [], [], seconds)  # the moment itself is the point: nothing is waited for
    os.kill(pid, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    os.close(told)
    os.close(tell)


def sweep_for_ever() -> None:
    while True:
        sweep.sweep()


def requests_for_ever() -> None:
    """As a web process does it when beat is dead."""
    while True:
        sweep.sweep(sweep.WEB)


@pytest.fixture
def crowd(transactional_db: None) -> list[User]:
    """Three people, one of whom has two ways; two levels in one step, because the second is long due."""
    people = [person(name) for name in ("ada", "bo", "cleo")]
    contact(people[0], "ada@example.org")
    contact(people[0], "ada-phone@example.org")
    policy({"users": people[:2]}, {"users": people[2:]})
    return people


def states(incident: Incident) -> set[str]:
    return set(Page.objects.filter(incident=incident, kind="page").values_list("state", flat=True))


def undisturbed(environment: Environment) -> float:
    """How many seconds a round takes on this machine, now."""
    incidents.report(environment, replace(DOWN, fingerprint="undisturbed"))
    connections.close_all()
    began = time.monotonic()
    sweep.sweep()
    return time.monotonic() - began


@pytest.mark.slow
def test_after_every_kill_one_sweep_delivers_everything_once_or_says_that_it_may_be_twice(
    crowd: list[User], environment: Environment, letters: Letters
) -> None:
    random, found = Random(SEED), Counter[str]()
    longest = 1.5 * undisturbed(environment)
    print(f"seed {SEED}, kills within {longest:.2f} s")
    for number in range(TRIALS):
        incident, _ = incidents.report(environment, replace(DOWN, fingerprint=f"trial {number}"))
        killed_after(random.choice([sweep_for_ever, requests_for_ever]), random.uniform(0, longest))
        found["after the step" if states(incident) else "before the step"] += 1
        found["all sent"] += states(incident) == {PageState.SENT}
        found["while one was on its way"] += PageState.SENDING in states(incident)
        sweep.sweep()
        assert states(incident) == {PageState.SENT}, number
    pages = list(Page.objects.filter(kind="page"))
    copies = letters.copies(pages)
    print(dict(found), "twice:", sum(number > 1 for number in copies.values()))
    assert len(pages) == len({(page.incident_id, page.level, page.contact_id, page.user_id) for page in pages})
    assert len(pages) == (TRIALS + 1) * 4
    assert fair(pages, copies)
    assert found["while one was on its way"]
    assert found["before the step"]
