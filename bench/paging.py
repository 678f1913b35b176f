"""A thousand people are to be paged at once: from due to handed over to a mail server on the loopback.

The first round begins at the moment they are due, the next ones a second apart, as beat rings, in as many processes as
a small worker has. On its schedule the first begins up to a second later; the bar counts that in full, as if all of
them were due just after a round had begun. Seconds on the CPU are told as well, because a machine that is busy with
other things says little by its clock. Which database it is says SMSOPS_DATABASE_URL.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.utils import timezone

from bench.table import Row

PEOPLE, PROCESSES, BAR = 1000, 2, 6.0
SERVER = """
import asyncio, sys
from aiosmtpd.smtp import SMTP

class Taking:
    async def handle_DATA(self, server, session, envelope):
        return "250 OK"

async def serve():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Taking(), hostname="localhost"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(serve())
"""


def rows() -> Iterator[Row]:
    with _mail_server():
        for name, prepare in (("pages due", _pages), ("people of one step", _step), ("steps due", _steps)):
            yield from _measure(name, prepare)


def _measure(name: str, prepare: object) -> Iterator[Row]:
    from incidents.models import Page, PageState
    from incidents.services import sweep

    due_at = prepare()  # type: ignore[operator]
    spent = _rounds()
    pages = Page.objects.filter(state=PageState.SENT, sent_at__gte=due_at)
    took = sorted((sent - due_at).total_seconds() for sent in pages.values_list("sent_at", flat=True) if sent)
    if len(took) != PEOPLE:
        raise RuntimeError(f"{len(took)} of {PEOPLE} pages were handed over")
    yield Row(f"{PEOPLE} {name}: due to handed over by mail, p50", statistics.median(took), "s")
    worst = took[PEOPLE * 99 // 100 - 1]
    yield Row(f"{PEOPLE} {name}: due to handed over by mail, p99", worst, "s")
    yield Row(f"{PEOPLE} {name}: on the CPU, all in all", spent, "s")
    waits = sweep.EVERY.total_seconds()
    yield Row(f"{PEOPLE} {name}: the same p99 at the worst moment of the schedule", waits + worst, "s", BAR)
    Page.objects.all().delete()


def _rounds() -> float:
    """Rounds until nothing is left; return the seconds they spent on the CPU."""
    from incidents.services import sweep

    before, running = os.times(), set[int]()
    while running or _left():
        if len(running) < PROCESSES:
            running.add(_round())
        time.sleep(sweep.EVERY.total_seconds())
        running -= {pid for pid in running if _ended(pid)}
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _left() -> bool:
    from incidents.models import Page, PageState
    from incidents.services import stepping

    return bool(stepping.due()) or Page.objects.filter(state=PageState.PENDING).exists()


def _round() -> int:
    """One round in a process of its own, as a worker forks them."""
    from incidents.services import sweep

    connections.close_all()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            sweep.sweep()
            code = 0
        finally:
            os._exit(code)
    return pid


def _ended(pid: int) -> bool:
    found, status = os.waitpid(pid, os.WNOHANG)
    if status:
        raise RuntimeError("A round failed.")
    return bool(found)


def _people() -> list[object]:
    from django.contrib.auth.models import User

    known = User.objects.filter(username__startswith="person")
    if not known.exists():
        names = [f"person{number}" for number in range(PEOPLE)]
        User.objects.bulk_create([User(username=name, email=f"{name}@example.org") for name in names])
    return list(known)


def _incident(name: str) -> object:
    from incidents.models import Severity
    from incidents.services import incidents
    from incidents.services.incidents import Sign
    from smsops.models import Environment

    nowhere = {"data_path": "/nowhere", "releases_path": "/nowhere", "base_url": "http://127.0.0.1:9", "host_port": 9}
    environment, _ = Environment.objects.get_or_create(name="demo", defaults={"runtime": "process", **nowhere})
    return incidents.report(environment, Sign(name, Severity.CRITICAL, "SMS does not answer", "no answer"))[0]


def _pages() -> object:
    """Rows that are written already."""
    from incidents.models import EscalationPolicy, Page

    EscalationPolicy.objects.all().delete()
    people, incident = _people(), _incident("pages")
    now = timezone.now()
    made = [
        Page(incident=incident, user=person, key=f"b{number}", text="SMS does not answer\nno answer", next_at=now)  # type: ignore[misc]
        for number, person in enumerate(people)
    ]
    now = timezone.now()
    Page.objects.bulk_create(made)
    return now


def _step() -> object:
    """An escalation whose first level is a team of that many."""
    from incidents.models import EscalationPolicy, PolicyLevel, Team

    team = Team.objects.create(name="Everybody")
    team.members.set(_people())  # type: ignore[arg-type]
    PolicyLevel.objects.create(policy=EscalationPolicy.objects.create(name="Everything")).teams.add(team)
    now = timezone.now()
    _incident("step")
    return now


def _steps() -> object:
    """As many escalations of as many incidents, each with one person to page."""
    from incidents.models import Escalation, EscalationPolicy, PolicyLevel

    EscalationPolicy.objects.all().delete()
    people = _people()
    PolicyLevel.objects.create(policy=EscalationPolicy.objects.create(name="Everything"))
    for number in range(PEOPLE):
        _incident(f"step {number}")
    begun = list(Escalation.objects.filter(ended_at=None, incident__fingerprint__startswith="step "))
    for escalation, person in zip(begun, people, strict=True):
        escalation.policy["levels"][0]["users"] = [person.pk]  # type: ignore[attr-defined]
    Escalation.objects.bulk_update(begun, ["policy"])
    now = timezone.now()
    Escalation.objects.filter(pk__in=[each.pk for each in begun]).update(due_at=now)
    return now


@contextlib.contextmanager
def _mail_server() -> Iterator[None]:
    """A process of its own that takes every message; smsops is set to use it, without a link to anywhere."""
    with tempfile.TemporaryDirectory(prefix="smsops-bench-") as folder:
        program = Path(folder) / "server.py"
        program.write_text(SERVER)
        with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(process.stdout.readline())
            settings.SMSOPS_PUBLIC_URL = "https://ops.example"
            try:
                yield
            finally:
                process.kill()
