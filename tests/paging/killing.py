"""Kills whoever escalates and sends, at moments spread over everything they do, and counts what that cost."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from threading import Lock
from typing import Any
from unittest.mock import patch

from django.contrib.auth.models import User
from django.db import connection, connections

from incidents.channels.email import Email
from incidents.models import Escalation, Incident, Page, PageState
from incidents.services import bundles, incidents, sweep
from smsops.models import Environment
from tests.paging.letters import Letters
from tests.paging.people import DOWN, contact, person, policy

SEED, ASKED = 20260304, 4  # pages of one incident
SEND = Email.send


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


@dataclass(frozen=True)
class Cost:
    """`moments` there are to be killed at, `met` how many trials met which state; of the pages, how many never came,
    came twice and say so, came twice and do not, were asked of one person twice, or waited for a second sweep."""

    moments: int
    met: Counter[str]
    pages: int
    lost: int
    marked: int
    unmarked: int
    asked_twice: int
    late: int


def crowd() -> list[User]:
    """Three people, one of whom has two ways; two levels in one step, because the second is long due."""
    people = [person(name) for name in ("ada", "bo", "cleo")]
    contact(people[0], "ada@example.org")
    contact(people[0], "ada-phone@example.org")
    policy({"users": people[:2]}, {"users": people[2:]})
    return people


def try_it(environment: Environment, letters: Letters, trials: int) -> Cost:
    """Kill one sender per incident, each at another moment, let one sweep follow, and count."""
    with patch.object(bundles, "LATELY", timedelta()):  # a trial does not wait for the one before
        return _tried(environment, letters, trials)


def _tried(environment: Environment, letters: Letters, trials: int) -> Cost:
    random, met, late = Random(SEED), Counter[str](), 0
    moments = _undisturbed(environment)
    for number in range(trials):
        incident, _ = incidents.report(environment, replace(DOWN, fingerprint=f"trial {number}"))
        at = 1 + int((number + random.random()) * moments / trials)  # spread evenly, so that few trials meet as much
        _killed_at(at, random.choice([sweep.SCHEDULE, sweep.WEB]))
        found = _states(incident)
        met["before the step" if not found else "after the step"] += 1
        met["while one was on its way"] += PageState.SENDING in found
        sweep.sweep()
        late += _states(incident) != {PageState.SENT}
    return _cost(moments, met, late, letters)


def storm_through(escalations: list[Escalation], kills: int) -> int:
    """Kill one sender after the other while these are due all at once, in batches of a few; return at how many kills
    some were done and others not. What is left is done by one sweep."""
    random, between = Random(SEED), 0
    with patch.object(sweep, "STEPS", 5):
        for _ in range(kills):
            _killed_at(random.randint(1, 120), sweep.SCHEDULE)
            done = Escalation.objects.filter(pk__in=[each.pk for each in escalations], turn__gt=0).count()
            between += 0 < done < len(escalations)
        sweep.sweep()
    return between


def _cost(moments: int, met: Counter[str], late: int, letters: Letters) -> Cost:
    pages = list(Page.objects.filter(kind="page"))
    copies = letters.copies(pages)
    twice = [page for page in pages if copies[page.pk] > 1]
    return Cost(
        moments,
        met,
        pages=len(pages),
        lost=sum(copies[page.pk] == 0 for page in pages),
        marked=sum(page.unsure for page in twice),
        unmarked=sum(not page.unsure for page in twice),
        asked_twice=len(pages) - len({(page.incident_id, page.level, page.contact_id, page.user_id) for page in pages}),
        late=late,
    )


def _killed_at(length: int, by: str) -> None:
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
            os._exit(1)  # never back into whoever tries it
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def _undisturbed(environment: Environment) -> int:
    """How much burns in a round that nobody disturbs."""
    incidents.report(environment, replace(DOWN, fingerprint="undisturbed"))
    fuse = Fuse(0)
    with patch.object(Email, "send", lambda *words: fuse.send(*words)), connection.execute_wrapper(fuse.around):
        sweep.sweep()
    return -fuse.left


def _states(incident: Incident) -> set[str]:
    return set(Page.objects.filter(incident=incident, kind="page").values_list("state", flat=True))
