"""From what was seen of an instance to signs of trouble, with the severity of runbook §5.1. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from incidents.fingerprints import SERVICE
from incidents.models import Severity
from incidents.services.incidents import Sign
from smsops.health import LIVE, Health
from smsops.runtimes.base import Event, Instance, Status
from smsops.text import count_text

LOOP_DEATHS, LOOP_SPAN = 3, timedelta(seconds=60)
DOUBT = 2  # bad answers in a row before a bad answer alone is a sign


def of_instance(found: Instance | None, known_restarts: int, events: Sequence[Event], now: datetime) -> Sign | None:
    """What the engine's own account says: gone, ended, out of memory, crash loop, or restarted once."""
    if found is None:
        return Sign(SERVICE, Severity.CRITICAL, "SMS is gone", "There is no instance under its name any more.")
    deaths = [event for event in events if event.action in ("die", "oom")]
    code = next((event.exit_code for event in reversed(deaths) if event.exit_code is not None), found.exit_code)
    ending = "exit code unknown" if code is None else f"exit code {code}"
    if found.oom_killed or any(event.action == "oom" for event in events):
        detail = f"It was killed for memory ({ending}, {count_text(found.restarts, 'restart')})."
        return Sign(SERVICE, Severity.CRITICAL, "SMS runs out of memory", detail)
    # The engine forgets old events; then its count of restarts since the last look has to do.
    recent = sum(now - event.at <= LOOP_SPAN for event in deaths) if deaths else found.restarts - known_restarts
    if recent >= LOOP_DEATHS:
        detail = f"It died {recent} times within a minute ({ending})."
        return Sign(SERVICE, Severity.CRITICAL, "SMS is in a crash loop", detail)
    if found.status in (Status.EXITED, Status.CREATED):
        detail = f"The instance is {found.status} ({ending}). {found.error}".strip()
        return Sign(SERVICE, Severity.CRITICAL, "SMS has stopped", detail)
    if deaths or found.restarts > known_restarts:
        often = f" That was restart {found.restarts} of this instance." if found.restarts > 1 else ""
        detail = f"It died ({ending}) and was started again by the engine.{often}"
        return Sign(SERVICE, Severity.CRITICAL, "SMS died", detail)
    return None


def of_health(seen: Health, bad_looks: int) -> Sign | None:
    """What SMS's own answers say, once they have been bad more than once."""
    if seen.good or bad_looks < DOUBT:
        return None
    if seen.status in ("down", "unhealthy"):
        lives = f"{LIVE}: HTTP 200" in seen.detail
        silent = "SMS hangs" if lives else "SMS does not answer"
        title = silent if seen.status == "down" else "SMS is unhealthy"
        return Sign(SERVICE, Severity.CRITICAL, title, seen.detail)
    title = "SMS answers slowly" if seen.ready and seen.status == "degraded" else "SMS is not ready"
    return Sign(SERVICE, Severity.HIGH, title, seen.detail)


def of_edge(address: str, seen: Health) -> Sign:
    """SMS is well by itself, and yet nobody reaches it."""
    detail = f"SMS is healthy and ready at its own address, but at {address}: {seen.detail}. Is Caddy running?"
    return Sign(SERVICE, Severity.CRITICAL, "The edge does not pass requests on", detail)
