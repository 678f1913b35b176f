"""What the incidents ask for once the first backup is there: somebody who is woken, and the runbook on paper."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from incidents.services import gaps
from smsops import first_steps
from smsops.first_steps import FirstStep
from smsops.models import Environment


def _reached(_: Environment) -> bool:
    return not gaps.find(timezone.now()).nobody


def register() -> None:
    """Make them known; twice is fine."""
    first_steps.add(PEOPLE, PAPER)


PEOPLE = FirstStep(
    "People",
    "Say how each of you is reached, and who is on call: until then nobody would be woken.",
    _reached,
    lambda _: reverse("admin:incidents_contact_changelist"),
    "incidents.view_contact",
)
PAPER = FirstStep(
    "The runbook on paper",
    "Print it, and write beside it what only you know; it has the commands for when smsops itself is down.",
    lambda environment: environment.runbook_notes.exists(),
    lambda environment: reverse("admin:incidents_runbook_of", args=[environment.name]),
)
