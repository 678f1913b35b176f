"""`manage.py follow`: follows the write-ahead logs of all environments that want it, a process each (B9)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from backups.services import follower
from backups.services.log_copiers import Copiers
from smsops.models import Environment

LOOK = 2.0  # seconds between two looks at who is wanted
ENDING = 10.0  # seconds a follower has to keep what is left


class Command(BaseCommand):
    help = "Follows the write-ahead logs of SMS's databases, for point in time. Run it beside the workers."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--environment", type=int, help="follow this one alone, by its id; used by itself")
        parser.add_argument("--queue", default="", help="only environments with this queue")

    def handle(self, *args: Any, **options: Any) -> None:
        self.ended = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        if options["environment"]:
            parent = os.getppid()
            environment = Environment.objects.get(pk=options["environment"])
            follower.run(environment, lambda: self.ended or os.getppid() != parent)
        else:
            self._supervise(options["queue"])

    def _end(self, *_: Any) -> None:
        self.ended = True

    def _supervise(self, queue: str) -> None:
        """Keep one process for each environment that is wanted; one that died is started again."""
        children: dict[int, subprocess.Popen[bytes]] = {}
        copiers = Copiers(queue)
        while not self.ended:
            wanted = set(follower.wanted(queue))
            for key in wanted - {key for key, child in children.items() if child.poll() is None}:
                command = [sys.executable, sys.argv[0], "follow", "--environment", str(key)]
                children[key] = subprocess.Popen(command)
            copiers.look()
            time.sleep(LOOK)
        for child in children.values():
            child.terminate()
        deadline = time.monotonic() + ENDING
        for child in children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
        copiers.end()  # last, for the followers have just written their last words
