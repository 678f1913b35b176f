"""Does several things side by side for so long, and no longer: whatever hangs is left behind and named."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from django.db import connection

from smsops.errors import OpsError
from smsops.text import seconds_text

log = logging.getLogger(__name__)

Job = Callable[[], str]
Answer = str | OpsError
Found = TypeVar("Found")


def within(seconds: float, jobs: Mapping[str, Callable[[], Found]]) -> dict[str, Found | OpsError]:
    """What each job returned, or why it returned nothing; jobs change nothing, as one that is late goes on unheard."""
    answers: dict[str, Found | OpsError] = {}
    threads = [threading.Thread(target=_do, args=(name, job, answers), daemon=True) for name, job in jobs.items()]
    end = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    heard = dict(answers)
    late = OpsError(f"it was not there within {seconds_text(seconds)}.")
    return {name: heard.get(name, late) for name in jobs}


def _do(name: str, job: Callable[[], Found], answers: dict[str, Found | OpsError]) -> None:
    try:
        answers[name] = job()
    except OpsError as error:
        answers[name] = error
    except Exception as error:
        log.exception("%s", name)
        answers[name] = OpsError(f"smsops did not expect this: {type(error).__name__}.")
    finally:
        connection.close()  # this thread's own, had it asked for one
