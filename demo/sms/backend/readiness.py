"""What must be healthy before a load balancer may send people here."""

from __future__ import annotations

from backend.health_checks import Check, deciding


def checks() -> dict[str, Check]:
    """The same checks that decide /health."""
    return deciding()[0]
