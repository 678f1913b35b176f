"""Rows for the tests, one plain function each: sensible values, and whatever the test says itself.

Environments made here have folders of their own below the test's temporary folder and no SMS in them; a test that
needs a running one takes a place (tests/places.py).
"""

from __future__ import annotations

from tests.factories.environments import (
    make_check_result,
    make_config_snapshot,
    make_environment,
    make_instance,
    make_release,
    make_watch,
)
from tests.factories.people import make_admin, make_user, make_viewer
from tests.factories.programs import make_delivery, make_token, make_webhook
from tests.factories.repositories import git, make_repository
from tests.factories.runs import make_backup, make_finding, make_offsite_vault, make_operation, make_run, make_step
from tests.factories.troubles import (
    make_action_item,
    make_alert,
    make_alert_source,
    make_incident,
    make_postmortem,
    make_silence,
    make_window,
)
from tests.factories.words import CANARY, SMOKE

__all__ = [
    "CANARY",
    "SMOKE",
    "git",
    "make_action_item",
    "make_admin",
    "make_alert",
    "make_alert_source",
    "make_backup",
    "make_check_result",
    "make_config_snapshot",
    "make_delivery",
    "make_environment",
    "make_finding",
    "make_incident",
    "make_instance",
    "make_offsite_vault",
    "make_operation",
    "make_postmortem",
    "make_release",
    "make_repository",
    "make_run",
    "make_silence",
    "make_step",
    "make_token",
    "make_user",
    "make_viewer",
    "make_watch",
    "make_webhook",
    "make_window",
]
