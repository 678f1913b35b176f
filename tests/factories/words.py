"""Words the rows are made of."""

from __future__ import annotations

import uuid

CANARY = "canary-9f3b-the-password"
SMOKE = {"smoke_email": "smoke@school.example", "smoke_password": CANARY}


def unique(prefix: str) -> str:
    """A word that begins so and that nothing else is called."""
    return f"{prefix}{uuid.uuid4().hex[:8]}"
