"""Where the pages of what follows an incident are."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from incidents.models import ActionItem, PostMortem
from tests.admin.browser import changelist


def address(name: str, *args: Any) -> str:
    return reverse(f"admin:incidents_{name}", args=args)


def pages_of(found: PostMortem, item: ActionItem) -> list[str]:
    """Everything on which something of this post-mortem is shown."""
    place = found.incident.environment.name
    version = found.versions.order_by("pk").values_list("pk", flat=True)[0]
    return [
        found.get_absolute_url(), item.get_absolute_url(), found.incident.get_absolute_url(),
        changelist(PostMortem), changelist(ActionItem),
        address("postmortem_version", found.pk, version),
        address("objectives_month", place, found.incident.detected_at.strftime("%Y-%m")),
        address("search") + "?q=onerror",
    ]  # fmt: skip
