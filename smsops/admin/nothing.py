"""What a list says that has no rows: one sentence, and the way on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse


@dataclass(frozen=True)
class Nothing:
    """Why there is nothing, and where that changes: a link for those with the right; without one, to add a row."""

    said: str
    label: str = ""
    to: str = ""  # the name of an address of the admin
    right: str = ""


def on_environments(said: str) -> Nothing:
    """What is made by a button on an environment's page, or by a run that begins there."""
    return Nothing(said, "Environments", "smsops_environment_changelist", "smsops.view_environment")


def of(changes: Any, request: Any) -> dict[str, str]:
    """What an empty list shows: its own words, or that filters hide every row there is."""
    if changes.query or changes.get_filters_params():
        return {"said": f"No {changes.opts.verbose_name} fits what is asked for.", "label": "Show all", "url": "?"}
    page = changes.model_admin
    found: Nothing = getattr(page, "nothing", None) or Nothing(f"There are no {changes.opts.verbose_name_plural} yet.")
    if found.to:
        shown = not found.right or request.user.has_perm(found.right)
        return {"said": found.said, "label": found.label, "url": reverse(f"admin:{found.to}") if shown else ""}
    add = f"admin:{changes.opts.app_label}_{changes.opts.model_name}_add"
    url = reverse(add) if page.has_add_permission(request) else ""
    return {"said": found.said, "label": f"Add {_article(changes.opts.verbose_name)}", "url": url}


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0].lower() in "aeio" else f"a {noun}"
