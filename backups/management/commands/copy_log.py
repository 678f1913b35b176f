"""`manage.py copy_log`: copies the log of an environment to one off-site vault; started by `manage.py follow` (B8)."""

from __future__ import annotations

import os
import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backups.services import log_copies
from smsops.errors import OpsError


class Command(BaseCommand):
    help = "Copies every commit to one off-site vault while it is kept. “manage.py follow” starts it by itself."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--vault", type=int, required=True, help="the off-site vault, by its id")

    def handle(self, *args: Any, **options: Any) -> None:
        self.ended = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        os.nice(5)  # the follower comes first
        parent = os.getppid()
        try:
            log_copies.run(options["vault"], lambda: self.ended or os.getppid() != parent)
        except OpsError as error:
            raise CommandError(str(error)) from error

    def _end(self, *_: Any) -> None:
        self.ended = True
