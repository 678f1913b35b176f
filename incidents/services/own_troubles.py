"""Pages whoever answers for smsops when something is wrong with smsops itself (docs/self-watch.md).

No incident is opened: those are of an environment, and their figures are of SMS. So nobody has to acknowledge; while
it lasts it is told again after a day, two, and so on, at the latest once a week.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from incidents.models import Page, PageKind, PageState, Severity
from incidents.services import links, pages, recipients
from incidents.services.recipients import Recipient
from smsops import roles, troubles, wall_clock
from smsops.redact import redact
from smsops.troubles import Trouble

log = logging.getLogger(__name__)
SEVERITY = Severity.HIGH  # by which ways people are told
SELDOM = 7  # days


def look() -> int:
    """Tell of what is wrong, and of what is over; return how many messages were written down."""
    wrong = {trouble.name: said for trouble, said in troubles.found()}
    return sum(_tell(each, wrong[each.name]) if each.name in wrong else _call_off(each) for each in troubles.known())


def _told(trouble: Trouble) -> QuerySet[Page]:
    """What was said of it, the newest first."""
    return Page.objects.filter(incident=None, key__startswith=f"own.{trouble.name}.").order_by("-pk")


def _bad(trouble: Trouble) -> list[Page]:
    """What was said of it since it was well."""
    told = _told(trouble).select_related("user", "contact", "channel")
    well = told.filter(kind=PageKind.NEWS).first()
    return list(told.filter(pk__gt=well.pk) if well is not None else told)


def _tell(trouble: Trouble, said: str) -> int:
    told, now = _bad(trouble), timezone.now()
    times = len({page.key.split(".")[2] for page in told})
    if told and wall_clock.lately(told[0].due_at, timedelta(days=min(times, SELDOM)), now):
        return 0
    found = list(_whom(trouble))
    if not found:
        log.error("nobody can be told: %s", said)
    text = redact(f"[{SEVERITY.label}] smsops: {said}\n{_address(trouble)}".strip())
    return _write(trouble, PageKind.PAGE, text, found)


def _call_off(trouble: Trouble) -> int:
    told = _bad(trouble)
    if not told:
        return 0
    waiting = [page.pk for page in told if page.state == PageState.PENDING]
    Page.objects.filter(pk__in=waiting, state=PageState.PENDING).update(state=PageState.CANCELLED)
    found = {each.mark: each for each in (Recipient(page.user, page.contact, page.channel) for page in told)}
    return _write(trouble, PageKind.NEWS, f"smsops: {trouble.called}: all is well again.", list(found.values()))


def _write(trouble: Trouble, kind: str, text: str, to: list[Recipient]) -> int:
    """Two who look at the same minute write it once."""
    now = timezone.now()
    return pages.put(
        [
            Page(
                kind=kind, text=text, user=each.user, contact=each.contact, channel=each.channel,
                key=f"own.{trouble.name}.{now:%y%m%d%H%M}.{each.mark}", due_at=now + each.after,
                next_at=now + each.after,
            )
            for each in to
        ]
    )  # fmt: skip


def _whom(trouble: Trouble) -> list[Recipient]:
    """Ops leads, where there are none superusers; where none of them can be reached, the channels of all incidents."""
    people = get_user_model().objects.filter(is_active=True)
    leads = people.filter(groups__name=roles.LEAD) or people.filter(is_superuser=True)
    found = [way for person in leads if person.has_perm(trouble.permission)
             for way in recipients.of_person(person, SEVERITY)]  # fmt: skip
    return found or list(recipients.channels_of(None, SEVERITY))


def _address(trouble: Trouble) -> str:
    return links.absolute(reverse(f"admin:{trouble.page}"))
