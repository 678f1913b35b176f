"""Reminders of what is due after an incident, each written down once, and sent like every other message (I6, I12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.utils import timezone

from incidents import selectors
from incidents.models import MEASURING, Incident, Page, PageKind, PostMortem
from incidents.privacy import PERMISSION
from incidents.services import pages, recipients
from incidents.services.recipients import Recipient

LEAD = "Ops lead"  # the group that hears of what is overdue
BEFORE = (timedelta(days=3), timedelta(days=1))
LATE = (timedelta(), timedelta(days=1), timedelta(days=3))  # after that once a week
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Due:
    """Something that is due: what it is, whose, about which incident."""

    key: str
    what: str
    at: datetime
    made_at: datetime
    owner: User | None
    incident: Incident


def remind() -> int:
    """Write every reminder whose time has come and that was not written yet; return how many were."""
    return sum(_remind(due) for due in _all())


def _all() -> Iterable[Due]:
    related = ("owner", "incident__environment")
    unapproved = PostMortem.objects.filter(state__in=MEASURING, due_at__isnull=False, incident__drill=False)
    for each in unapproved.select_related(*related):
        yield Due(f"pm{each.pk}", "The post-mortem", each.due_at, each.created_at, each.owner, each.incident)  # type: ignore[arg-type]
    todo = selectors.items_to_do().filter(due_at__isnull=False, incident__drill=False)
    for item in todo.select_related(*related):
        what = f"Action item {item.pk} “{item.title}”"
        yield Due(f"ai{item.pk}", what, item.due_at, item.created_at, item.owner, item.incident)  # type: ignore[arg-type]


def _remind(due: Due) -> bool:
    moment = last_moment(due, timezone.now())
    if moment is None:
        return False
    key = f"{due.key}.{due.at:%y%m%d%H%M}.{moment:%y%m%d%H%M}"
    if Page.objects.filter(key__startswith=f"{key}.").exists():
        return False
    late = moment >= due.at
    to = list(_whom(due, late=late))
    return bool(pages.write(due.incident, PageKind.NEWS, _text(due, late=late), to, key))


def last_moment(due: Due, now: datetime) -> datetime | None:
    """The newest moment at which somebody had to be reminded of it; None before the first."""
    moments = [due.at - span for span in BEFORE] + [due.at + span for span in LATE]
    weeks = int((now - due.at - LATE[-1]) / WEEK)
    if weeks > 0:
        moments.append(due.at + LATE[-1] + weeks * WEEK)
    past = [moment for moment in moments if due.made_at < moment <= now]
    return max(past, default=None)


def _whom(due: Due, *, late: bool) -> Iterable[Recipient]:
    """Its owner; when it is late, or nobody's, also the ops leads; where there are none, the channels."""
    people = {due.owner.pk: due.owner} if due.owner is not None and due.owner.is_active else {}
    if late or not people:
        leads = get_user_model().objects.filter(groups__name=LEAD, is_active=True)
        people |= {lead.pk: lead for lead in leads}
    may = [each for each in people.values() if not due.incident.private or each.has_perm(PERMISSION)]
    found = [way for person in may for way in recipients.of_person(person, due.incident.severity)]
    if found or due.incident.private:
        return found
    return recipients.channels_of(due.incident.environment_id, due.incident.severity)


def _text(due: Due, *, late: bool) -> str:
    """What it says; of a private incident nothing but that there is one."""
    when = f"{timezone.localtime(due.at):%Y-%m-%d %H:%M}"
    told = "is overdue since" if late else "is due"
    if due.incident.private:
        return f"Incident {due.incident.pk}: something of it {told} {when}."
    about = f"{due.incident.environment.name}: {due.incident.title} (#{due.incident.pk})"
    return f"{due.what} {told} {when}.\n{about}"
