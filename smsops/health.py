"""Understands the health answers of SMS in all its eras (sms-contract §1, surprises 13-17)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smsops.http import Answer, ask

HEALTH, READY, LIVE = "/health", "/health/ready", "/health/live"


@dataclass(frozen=True)
class Health:
    """What SMS says about itself now. `status` is one of healthy, degraded, unhealthy, down; `ready` is /health/ready.

    `version` is only what SMS claims; it may be unknown or stale, the image id is the truth.
    """

    status: str
    ready: bool
    detail: str
    version: str = ""
    seconds: float = 0.0
    body: Any = None

    @property
    def good(self) -> bool:
        """Serving: it answers without an error and calls itself ready."""
        return self.status == "healthy" and self.ready


def unwrap(body: Any) -> dict[str, Any]:
    """Return the real body out of the wrappings of a 503 (`detail`, `error.details`) or of a success (`data`)."""
    if not isinstance(body, dict):
        return {}
    inner = body.get("detail")
    if isinstance(inner, dict) and "status" in inner:
        return inner
    error = body.get("error")
    if isinstance(error, dict) and isinstance(error.get("details"), dict):
        return dict(error["details"])
    data = body.get("data")
    if "success" in body and isinstance(data, dict):
        return data
    return body


def status_of(answer: Answer) -> str:
    """One word for an answer of /health: its own word where it has a known one, else what its code means.

    A 200 without any status is not SMS speaking (a page of somebody else's, a proxy's greeting) and proves nothing.
    """
    if not answer.answered:
        return "down"
    body = unwrap(answer.json())
    if body.get("status") in ("healthy", "degraded", "unhealthy"):
        return str(body["status"])
    return "healthy" if answer.ok and "status" in body else "unhealthy"


def look(base_url: str, timeout: float = 5.0) -> Health:
    """Ask /health and, where it answers, /health/ready; return what they say together."""
    health = ask(base_url, HEALTH, timeout=timeout)
    status = status_of(health)
    if status == "down":
        return Health("down", False, f"/health: {health.describe()}", seconds=health.seconds)
    body = unwrap(health.json())
    ready = ask(base_url, READY, timeout=timeout)
    is_ready = ready.ok and unwrap(ready.json()).get("status") == "ready"
    detail = f"/health: {status} ({health.describe()}), /health/ready: {'ready' if is_ready else _why(ready)}"
    return Health(status, is_ready, detail, str(body.get("version", "")), health.seconds, body)


def complaints(body: Any) -> list[str]:
    """What SMS's own checks say is wrong, a sentence each. `frontend` is always degraded in the fullstack container
    (surprise 14), and neither it nor `migrations` ever decides."""
    return [f"{name}: {check.get('message') or check.get('status')}." for name, check in _bad(body)]


def _bad(body: Any) -> list[tuple[str, dict[str, Any]]]:
    checks = unwrap(body).get("checks")
    return [
        (name, check)
        for name, check in (checks.items() if isinstance(checks, dict) else ())
        if isinstance(check, dict) and check.get("status") != "healthy" and name not in ("frontend", "migrations")
    ]


def _why(answer: Answer) -> str:
    """Which checks stand in the way, where SMS names them."""
    bad = [name for name, _ in _bad(answer.json())]
    return f"not ready ({answer.describe()}{': ' + ', '.join(bad) if bad else ''})"
