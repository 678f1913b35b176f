"""Pages, written down and due."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from incidents.models import Incident, Page


def page(user: User, incident: Incident, number: int = 0, **fields: Any) -> Page:
    """One to that person."""
    values = {"text": f"Trouble {number}\nmore", "key": f"x{number}.u{user.pk}.{fields.get('kind', 'page')}", **fields}
    return Page.objects.create(user=user, incident=incident, **values)
