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


@register(Tags.security)
def signing_in_is_set_up(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E003: an unknown word for the second factor; E004: a single sign-on without its client, or not by HTTPS."""
    from smsops.signin import policy, provider

    found: list[CheckMessage] = []
    if settings.SMSOPS_TOTP not in policy.MODES:
        what = f"SMSOPS_TOTP is “{settings.SMSOPS_TOTP}”."
        found.append(Error(what, hint=f"It is one of: {', '.join(policy.MODES)}.", id="smsops.E003"))
    if provider.configured() and not (settings.SMSOPS_OIDC_CLIENT_ID and settings.SMSOPS_OIDC_CLIENT_SECRET):
        hint = "Set SMSOPS_OIDC_CLIENT_ID and SMSOPS_OIDC_CLIENT_SECRET (or SMSOPS_OIDC_CLIENT_SECRET_FILE) as well."
        found.append(Error("SMSOPS_OIDC_ISSUER is set without its client.", hint=hint, id="smsops.E004"))
    if provider.configured() and not provider.safe(settings.SMSOPS_OIDC_ISSUER):
        hint = "The address begins with https://."
        found.append(Error("SMSOPS_OIDC_ISSUER is not reached by HTTPS.", hint=hint, id="smsops.E004"))
    return found
