"""A hundred times `kill -9` on whoever escalates and sends, at a random moment: nothing is lost, and whatever came
twice is marked."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from threading import Lock
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections

from incidents.channels.email import Email
from incidents.models import Incident, Page, PageState
from incidents.services import incidents, sweep
from smsops.models import Environment
from tests.paging.conftest import DOWN
from tests.paging.letters import Letters, counting, fair
from tests.paging.people import contact, person, policy

TRIALS, SEED = 100, 20260304
SEND = Email.send


@pytest.fixture
def letters(tmp_path: Path, settings: Any) -> Iterator[Letters]:
    """A counting mail server, and smsops set to use it."""
    with counting(tmp_path) as found:
        settings.EMAIL_BACKEND = "incidents.channels.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.port
        yield found


class Fuse:
    """Burns with everything a sender does: before and after each word to the database, before and after each message.
    At its end the process is killed, so that the moment is as random on a slow machine as on a fast one."""

    def __init__(self, length: int) -> None:
        self.left, self.lock = length, Lock()

    def burn(self) -> None:
        with self.lock:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, execute: Callable[..., Any], *words: Any) -> Any:
        self.burn()
        done = execute(*words)
        self.burn()
        return done

    def send(self, carrier: Email, *words: Any) -> None:
        self.burn()
        SEND(carrier, *words)
        self.burn()


def killed_at(length: int, by: str) -> None:
    """Sweep in another process until its fuse has burnt down."""
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        fuse = Fuse(length)
        try:
            Email.send = lambda *words: fuse.send(*words)  # type: ignore[method-assign]
            with connection.execute_wrapper(fuse.around):
                while True:
                    sweep.sweep(by)
        finally:
            os._exit(1)  # never back into the tests
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


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


def undisturbed(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> int:
    """How much burns in a round that nobody disturbs."""
    incidents.report(environment, replace(DOWN, fingerprint="undisturbed"))
    fuse = Fuse(0)
    with monkeypatch.context() as patch, connection.execute_wrapper(fuse.around):
        patch.setattr(Email, "send", lambda *words: fuse.send(*words))
        sweep.sweep()
    return -fuse.left


@pytest.mark.slow
def test_after_every_kill_one_sweep_delivers_everything_once_or_says_that_it_may_be_twice(
    crowd: list[User], environment: Environment, letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    random, found = Random(SEED), Counter[str]()
    length = undisturbed(environment, monkeypatch)
    print(f"seed {SEED}, {length} moments")
    for number in range(TRIALS):
        incident, _ = incidents.report(environment, replace(DOWN, fingerprint=f"trial {number}"))
        killed_at(random.randint(1, length), random.choice([sweep.SCHEDULE, sweep.WEB]))
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
