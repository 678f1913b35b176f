"""The way of a post-mortem: in review, approved by somebody who did not write it, published (runbook §5.2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from incidents.models import (
    POSTMORTEM_TABLE,
    EntryKind,
    PostMortem,
    PostMortemState,
    PostMortemVersion,
)
from incidents.postmortems import drafting
from incidents.postmortems.sections import CHECKLIST, SECTIONS
from incidents.services import incidents
from smsops import zones
from smsops.errors import WrongUse
from smsops.redact import redact
from smsops.states import IllegalTransition, advance

PERMISSION = "incidents.approve_postmortem"
ALONE = "You wrote in it, and somebody else can approve it: {}."


def submit(postmortem: PostMortem, user: User, note: str = "") -> None:
    """Hand it to a reviewer. WrongUse while the root cause is missing."""
    if not postmortem.texts.get("cause"):
        raise WrongUse(f"“{SECTIONS['cause'][0]}” is empty: nobody can review what it does not say.")
    _move(postmortem, PostMortemState.REVIEW, user, note, submitted_by=user, submitted_at=timezone.now())


def send_back(postmortem: PostMortem, user: User, note: str) -> None:
    """It is not ready, or has to be changed after all; what was approved stays as a version."""
    cleared: dict[str, Any] = dict.fromkeys(("approved_by", "approved_at", "published_at"))
    cleared |= {"checklist": [], "alone": False}
    _move(postmortem, PostMortemState.DRAFT, user, note, review_note=redact(note), **cleared)


def approve(postmortem: PostMortem, user: User, answers: Iterable[str], note: str = "") -> None:
    """A reviewer has answered every question with yes. WrongUse where one is missing, and for somebody who wrote in it
    while another person could do it. What was measured is measured once more and stays as it is then."""
    missing = [text for key, text in CHECKLIST.items() if key not in set(answers)]
    if missing:
        raise WrongUse(f"Not yet: {' '.join(missing)}")
    wrote = user.pk in authors(postmortem)
    if wrote and (others := others_who_may(postmortem)):
        raise WrongUse(ALONE.format(", ".join(sorted(each.get_username() for each in others)[:5])))
    with transaction.atomic():
        drafting.measure(postmortem.pk)
        now = timezone.now()
        _move(postmortem, PostMortemState.APPROVED, user, note, approved_by=user, approved_at=now, alone=wrote,
              checklist=list(CHECKLIST), review_note=redact(note))  # fmt: skip
        postmortem.refresh_from_db()
        said = f"Approved by {user.get_username()}. {note}".strip()[:500]
        _version(postmortem, user, said, measured=postmortem.measured)


def publish(postmortem: PostMortem, user: User, note: str = "") -> None:
    """Everybody who may see the incident may rely on it."""
    _move(postmortem, PostMortemState.PUBLISHED, user, note, published_at=timezone.now())


def set_due(postmortem: PostMortem, user: User, at: datetime, note: str) -> None:
    """Another date; the timeline says why."""
    PostMortem.objects.filter(pk=postmortem.pk).update(due_at=at)
    postmortem.due_at = at
    _tell(postmortem, user, f"The post-mortem is due {zones.kept(at)}. {note}")


def authors(postmortem: PostMortem) -> set[int]:
    """Whoever wrote in it, or handed it in, by id."""
    wrote = set(postmortem.versions.filter(measured__isnull=True).exclude(author=None).values_list("author", flat=True))
    return wrote | ({postmortem.submitted_by_id} if postmortem.submitted_by_id else set())


def others_who_may(postmortem: PostMortem) -> list[User]:
    """Those who may approve it and did not write in it."""
    found = get_user_model().objects.filter(is_active=True, is_staff=True).exclude(pk__in=authors(postmortem))
    found = found.filter(_holds("approve_postmortem"))
    if postmortem.incident.private:
        found = found.filter(_holds("see_private_incident"))
    return list(found.distinct())


def _holds(codename: str) -> Q:
    """The people who have a permission, by their groups or themselves."""
    numbers = Permission.objects.filter(content_type__app_label="incidents", codename=codename).values("pk")
    return Q(is_superuser=True) | Q(user_permissions__in=numbers) | Q(groups__permissions__in=numbers)


def _move(postmortem: PostMortem, to: str, user: User, note: str, **values: Any) -> None:
    try:
        with transaction.atomic():
            if not advance(postmortem, POSTMORTEM_TABLE, to, **values):
                raise WrongUse("Somebody else has just moved it along; look again.")
            _tell(postmortem, user, f"The post-mortem is {PostMortemState(to).label.lower()}. {note}")
    except IllegalTransition:
        state = postmortem.get_state_display().lower()
        raise WrongUse(f"A post-mortem that is {state} cannot become {PostMortemState(to).label.lower()}.") from None


def _tell(postmortem: PostMortem, user: User, text: str) -> None:
    incidents.note(postmortem.incident, EntryKind.STATE, text.strip(), author=user.get_username())


def _version(postmortem: PostMortem, user: User, note: str, **more: Any) -> None:
    PostMortemVersion.objects.create(
        postmortem=postmortem, number=postmortem.version, texts=postmortem.texts, author=user,
        author_name=user.get_username(), note=note, **more,
    )  # fmt: skip
