"""What the tests of `manage.py ops` share."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import connections

from smsops.management.commands.ops import Command
from smsops.runs import executor, reaper
from tests.ops.terminal import Said, Terminal


@pytest.fixture
def ops(capsys: pytest.CaptureFixture[str], transactional_db: None) -> Terminal:
    """Type a command in this process, as the shell would hand it over."""

    def type_in(*words: object) -> Said:
        capsys.readouterr()
        code = 0
        try:
            Command().run_from_argv(["manage.py", "ops", *map(str, words)])
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return type_in


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """A worker beside the command: it works on every run that is due."""
    ended = threading.Event()

    def work() -> None:
        try:
            while not ended.wait(0.05):
                for run in reaper.overdue():
                    executor.drive(run.pk)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    ended.set()
    thread.join()
