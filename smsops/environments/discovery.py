"""What runs on this machine and looks like SMS, and whether an environment is about it already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError

from smsops.environments.rules import refuse_sharing
from smsops.errors import OpsError
from smsops.models import Environment
from smsops.runtimes import docker_finding, process_finding
from smsops.runtimes.finding import Found

LOOK = 5  # seconds the engine has for an answer: somebody sits in front of the page


@dataclass(frozen=True)
class Candidate:
    """One that was found; `taken` says, in a sentence, which environment is about its database already."""

    found: Found
    taken: str = ""


@dataclass(frozen=True)
class Discovery:
    """All that was found, and in sentences where nobody could look."""

    candidates: Sequence[Candidate]
    troubles: Sequence[str]


def look() -> Discovery:
    """Look into the engine and at the processes of this machine; changes nothing."""
    troubles: list[str] = []
    try:
        found = docker_finding.find(settings.SMSOPS_DOCKER_HOST, LOOK)
    except OpsError as error:
        found = []
        troubles.append(f"{error} If your SMS runs in Docker, describe it by hand.")
    return Discovery([Candidate(each, _taken(each)) for each in [*found, *process_finding.find()]], troubles)


def find(key: str) -> Found | None:
    """The one of that key, as it is now; None when it is gone."""
    return next((each.found for each in look().candidates if each.found.key == key), None)


def _taken(found: Found) -> str:
    try:
        refuse_sharing(Environment(database_url=found.address, **found.fields))
    except ValidationError as error:
        return str(error.messages[0])
    return ""
