"""A sign, people, levels and policies for the tests of paging."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from incidents.models import Contact, EscalationPolicy, PolicyLevel, Severity
from incidents.services.incidents import Sign

DOWN = Sign("down", Severity.CRITICAL, "SMS does not answer", "/health: connection refused")


def person(name: str, **fields: Any) -> User:
    """Somebody with an e-mail address."""
    return User.objects.create_user(name, email=f"{name}@example.org", **fields)


def contact(user: User, address: str = "", **fields: Any) -> Contact:
    """A way to them, by default another e-mail address."""
    return Contact.objects.create(user=user, address=address or f"{user}-phone@example.org", **fields)


def policy(*levels: dict[str, Any], **fields: Any) -> EscalationPolicy:
    """One for everything, with these levels; each names people (`users`), teams, rotas and channels by their rows."""
    made = EscalationPolicy.objects.create(**{"name": "Everything", **fields})
    for position, level in enumerate(levels, start=1):
        plain = {name: value for name, value in level.items() if name not in MANY}
        row = PolicyLevel.objects.create(policy=made, position=position, **plain)
        for name in MANY & level.keys():
            getattr(row, name).set(level[name])
    return made


MANY = {"users", "teams", "rotas", "channels"}
