"""Lets go of evidence with personal data in it once its incident has long been closed; its row stays (I7).

What is to go is written down first; from then on nobody can open it. Then the file goes, then the timeline says so.
Killed in between, the next one goes on, whatever has become of the incident.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from backups.vault.shelf import explained, sync_folder
from incidents.models import EntryKind, Evidence, IncidentState, PostMortem, PostMortemState
from incidents.services import incidents, pages
from smsops.errors import OpsError
from smsops.models import Environment
from smsops.text import count_text

log = logging.getLogger(__name__)

LEFT_BEHIND = "incident-*/*.run-*.sealed*"  # by a run that was killed while it sealed
LONG_DEAD = 86_400.0  # seconds: no run seals that long


def tidy(environment: Environment) -> int:
    """Let go of what is past its time; how many pieces. What cannot be removed is tried again the next time."""
    for piece in past_their_time(environment):
        _decide(piece)
    gone = sum(_remove(piece) for piece in _of(environment).filter(removed_at=None).exclude(removed_why=""))
    _sweep_up()
    return gone


def _of(environment: Environment) -> QuerySet[Evidence]:
    return Evidence.objects.filter(personal=True, incident__environment=environment).select_related("incident")


def past_their_time(environment: Environment) -> QuerySet[Evidence]:
    """Pieces of incidents that have been closed for long enough, and whose post-mortem, if any, is published."""
    long_ago = timezone.now() - timedelta(days=settings.SMSOPS_PERSONAL_DAYS)
    closed = _of(environment).filter(incident__state=IncidentState.CLOSED, incident__closed_at__lte=long_ago)
    unpublished = PostMortem.objects.exclude(state=PostMortemState.PUBLISHED)
    return closed.filter(removed_why="").exclude(incident__in=unpublished.values("incident"))


@transaction.atomic
def _decide(piece: Evidence) -> None:
    """Its incident is held meanwhile: nobody opens it anew in between."""
    pages.hold(piece.incident)
    days = count_text(settings.SMSOPS_PERSONAL_DAYS, "day")
    why = f"it has personal data in it, and its incident had been closed for {days}"
    past_their_time(piece.incident.environment).filter(pk=piece.pk).update(removed_why=why)


def _remove(piece: Evidence) -> bool:
    """Whether it is this one that removed it and said so."""
    path = Path(piece.path)
    try:
        with explained(path.parent):
            path.unlink(missing_ok=True)
            if path.parent.exists():
                sync_folder(path.parent)
    except OpsError as error:
        log.warning("%s of incident %s cannot be removed: %s", piece.name, piece.incident_id, error)
        return False
    with transaction.atomic():
        mine = Evidence.objects.filter(pk=piece.pk, removed_at=None).update(removed_at=timezone.now())
        if mine:
            said = f"{piece.name} was removed: {piece.removed_why}. Its SHA-256 was {piece.sha256}."
            incidents.note(piece.incident, EntryKind.EVIDENCE, said)
    return bool(mine)


def _sweep_up() -> None:
    for path in Path(settings.SMSOPS_EVIDENCE_DIR).glob(LEFT_BEHIND):
        with explained(path.parent):
            if time.time() - path.stat().st_mtime > LONG_DEAD:
                path.unlink(missing_ok=True)
