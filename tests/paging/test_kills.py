"""A hundred times `kill -9` on whoever escalates and sends, at a random moment: nothing is lost, and whatever came
twice is marked."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
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
from tests.paging.people import contact, person, policy

TRIALS, SEED = 100, 20260304
ROOT = Path(__file__).resolve().parents[2]


class Letters:
    """What the mail server has taken."""

    def __init__(self, file: Path, process: subprocess.Popen[str]) -> None:
        self.file, self.process = file, process

    def taken(self) -> Counter[str]:
        return Counter(self.file.read_text().split()) if self.file.exists() else Counter()


@pytest.fixture
def letters(tmp_path: Path, settings: Any) -> Iterator[Letters]:
    """A counting mail server, in a process of its own."""
    file = tmp_path / "letters"
    command = [sys.executable, "-m", "tests.paging.counting", str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        settings.EMAIL_BACKEND = "incidents.channels.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(process.stdout.readline())
        yield Letters(file, process)
        process.kill()


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


@pytest.mark.slow
def test_after_every_kill_one_sweep_delivers_everything_once_or_says_that_it_may_be_twice(
    crowd: list[User], environment: Environment, letters: Letters
) -> None:
    random, found = Random(SEED), Counter[str]()
    print(f"seed {SEED}")
    for number in range(TRIALS):
        incident, _ = incidents.report(environment, replace(DOWN, fingerprint=f"trial {number}"))
        killed_after(sweep_for_ever, random.uniform(0, 0.12))
        found["after the step" if states(incident) else "before the step"] += 1
        found["all sent"] += states(incident) == {PageState.SENT}
        found["while one was on its way"] += PageState.SENDING in states(incident)
        sweep.sweep()
        assert states(incident) == {PageState.SENT}, number
    taken = letters.taken()
    pages = Page.objects.filter(kind="page")
    copies = {page.pk: taken[f"<{page.key}.{page.due_at.timestamp():.0f}@smsops>"] for page in pages}
    print(dict(found), "twice:", sum(number > 1 for number in copies.values()))
    assert len(copies) == TRIALS * 4
    assert not [pk for pk, number in copies.items() if number == 0]
    assert not [page.pk for page in pages if copies[page.pk] > 1 and not page.unsure]
    assert pages.values("incident", "level", "contact", "user").distinct().count() == TRIALS * 4
    assert found["while one was on its way"]
    assert found["before the step"]
