"""An instance of which everything it says is known, and what the archive has of it."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings

from incidents.models import LogSource
from incidents.services import log_archive, log_reading
from incidents.services.log_reading import Entry, Wanted
from smsops.models import Environment
from smsops.runtimes import supervisor
from tests.factories import make_environment, make_instance, make_release

CANARY = "canary-55cd-parent@home.example"


def read(environment: Environment, **wanted: object) -> list[Entry]:
    return list(log_reading.entries(environment, Wanted(**wanted)))  # type: ignore[arg-type]


def texts(environment: Environment) -> list[str]:
    return [entry.text for entry in read(environment)]


class Voice:
    """An instance without a process: what it says is written by the supervisor's own log."""

    def __init__(self, folder: Path) -> None:
        self.environment = make_environment()
        self.instance = make_instance(self.environment, make_release(self.environment))
        self.folder = Path(settings.DATA_DIR) / "instances" / self.environment.name / self.instance.name

    def say(self, *lines: str) -> None:
        here = Path.cwd()
        os.chdir(self.folder)
        try:
            log = supervisor.Log()
            for line in lines:
                log.line(line.encode())
            log.file.close()
        finally:
            os.chdir(here)

    def collect(self) -> int:
        LogSource.objects.update(complete=False)  # it is never up
        return log_archive.collect(self.environment)

    def heard(self) -> list[str]:
        return texts(self.environment)
