"""How many requests SMS failed while it lasted, as its own archived log has them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from itertools import islice
from typing import Any

from django.utils import timezone

from incidents.models import Incident
from incidents.services import log_reading

_ANSWER = re.compile(r'HTTP/[\d.]+"\s+([1-5])\d\d\b')  # as uvicorn, gunicorn, nginx and Caddy's common log say it
MOST_LINES = 500_000
ARRIVES = timedelta(minutes=3)  # until the last line is in the archive


def of(incident: Incident, before: Mapping[str, Any]) -> dict[str, Any]:
    """Requests and those answered with a 5xx; empty where the log says nothing of requests. What was counted once
    after the end (`before`) is not counted again."""
    since, until = incident.began_at or incident.detected_at, incident.resolved_at
    span = [since.isoformat(), until.isoformat() if until else ""]
    if before.get("final") and before.get("span") == span:
        return dict(before)
    if until is None:
        return {}
    wanted = log_reading.Wanted(since, until, _ANSWER)
    answers = failed = 0
    for entry in islice(log_reading.entries(incident.environment, wanted), MOST_LINES):
        found = _ANSWER.search(entry.text)
        answers += 1
        failed += found is not None and found[1] == "5"
    counted = {"answered": answers, "failed": failed, "cut": answers >= MOST_LINES} if answers else {}
    return counted | {"span": span, "final": timezone.now() > until + ARRIVES}
