"""`manage.py follow`: follows the write-ahead logs of all environments that want it, a process each (B9)."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections

from backups.services import follower
from backups.services.lifelines import Line
from backups.services.log_copiers import Copiers
from backups.services.supervision import PATIENCE, Child
from smsops import pulse
from smsops.models import Environment

LOOK = 2.0  # seconds between two looks at who is wanted, and at who hangs
ENDING = 10.0  # seconds a follower has to keep what is left
log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Follows the write-ahead logs of SMS's databases, for point in time. Run it beside the workers."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--environment", type=int, help="follow this one alone, by its id; used by itself")
        parser.add_argument("--line", type=int, help="the descriptor of the line to the supervisor; used by itself")
        parser.add_argument("--queue", default="", help="only environments with this queue")
        parser.add_argument(
            "--patience", type=float, default=PATIENCE, help="seconds after which one that hangs is ended (30)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.ended = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        if options["environment"]:
            self._follow(options["environment"], options["line"], options["patience"])
        else:
            self._supervise(options["queue"], options["patience"])

    def _end(self, *_: Any) -> None:
        self.ended = True

    def _follow(self, key: int, handle: int | None, patience: float) -> None:
        """Follow one environment for as long as whoever started this process is there."""
        parent = os.getppid()
        line = Line(handle, patience) if handle is not None else None

        def stop() -> bool:
            if line is not None and not line.holds():
                log.error("The supervisor hangs; this follower of environment %s ends, as nobody watches it.", key)
                self.ended = True
            return self.ended or os.getppid() != parent

        follower.run(Environment.objects.get(pk=key), stop)

    def _supervise(self, queue: str, patience: float) -> None:
        """Keep one process for each environment that is wanted; one that died or hangs is started again."""
        children: dict[int, Child] = {}
        wanted: set[int] = set()
        copiers, looked = Copiers(queue), time.monotonic()
        while not self.ended:
            pulse.touch()
            try:
                close_old_connections()
                wanted = set(follower.wanted(queue))
            except DatabaseError as error:  # those that follow do so without it for a while
                log.warning("Who is wanted cannot be told: %s", error)
            copiers.look()
            looked = _look_after(children, looked, patience)
            for key in wanted - {key for key, child in children.items() if child.there}:
                command = [sys.executable, sys.argv[0], "follow", "--environment", str(key)]
                children[key] = Child(command, patience)
            time.sleep(min(LOOK, patience / 4))
        _let_go(children)
        copiers.end()  # last, for the followers have just written their last words


def _look_after(children: dict[int, Child], looked: float, patience: float) -> float:
    """End those that hang; returns when this was. Where this process itself was stopped, nobody is blamed for that."""
    now = time.monotonic()
    for key, child in list(children.items()):
        if now - looked > patience / 2:
            child.excuse(now)
        child.look(now)
        silence = child.silence(now)
        if silence and not child.ended:
            log.error(
                "The follower of environment %s has hung for %.0f s; it is ended and started again.", key, silence
            )
            child.end()
            follower.hung(key)
        if not child.there:
            child.close()
            del children[key]
    return now


def _let_go(children: dict[int, Child]) -> None:
    for child in children.values():
        child.process.terminate()
    deadline = time.monotonic() + ENDING
    for child in children.values():
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
