"""What the backups add to the dashboard: the keys, the copies elsewhere, the followed logs."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.http import HttpRequest

from backups import selectors
from backups.services import lags, log_lags
from smsops.text import seconds_text


def panel(request: HttpRequest) -> dict[str, Any]:
    """The warning about keys and how far the copies elsewhere are, for those who see backups."""
    if not request.user.has_perm("backups.view_backup"):
        return {"key_warning": "", "offsite": {}}
    at_risk = selectors.keyring().at_risk()
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for vault, lag in lags.standings():
        trouble = log_lags.problem_of(vault)
        late = lag > vault.allowed_lag or bool(vault.problem or trouble)
        behind = seconds_text(lag.total_seconds()) + " behind" if lag else "up to date"
        commits = {"commits": log_lags.said(vault), "trouble": trouble}
        found[vault.environment_id].append({"vault": vault, "late": late, "said": behind, **commits})
    return {
        "key_warning": selectors.key_warning(at_risk) if at_risk else "",
        "offsite": dict(found),
    }
