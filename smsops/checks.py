"""System checks of smsops itself: bad configuration becomes a message with a hint, not a traceback at night."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

SHORTEST_TOKEN = 20  # characters


@register(Tags.files)
def folders_are_usable(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E001: a folder smsops must write to cannot be written."""
    found: list[CheckMessage] = []
    for name in ("DATA_DIR", "SMSOPS_VAULT_DIR", "SMSOPS_WORK_DIR", "SMSOPS_EVIDENCE_DIR"):
        folder = Path(getattr(settings, name))
        there = next((path for path in (folder, *folder.parents) if path.exists()), folder)
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            hint = f"Let the user that runs smsops write to {there}, or set {name} to another folder."
            found.append(Error(f"{folder} cannot be written.", hint=hint, id="smsops.E001"))
    return found


@register(Tags.security)
def metrics_token_is_long(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E002: the token for /metrics can be guessed."""
    if not settings.SMSOPS_METRICS_TOKEN or len(settings.SMSOPS_METRICS_TOKEN) >= SHORTEST_TOKEN:
        return []
    hint = 'Make one: python -c "import secrets; print(secrets.token_urlsafe(32))"'
    what = f"SMSOPS_METRICS_TOKEN has fewer than {SHORTEST_TOKEN} characters."
    return [Error(what, hint=hint, id="smsops.E002")]
