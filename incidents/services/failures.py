"""What becomes of pages that did not go out: tried again, then said aloud, and the person's next way is used (I6)."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from incidents.channels.base import NotSent
from incidents.models import EntryKind, Page, PageKind, PageState
from incidents.services import incidents
from smsops.redact import redact

TRIES = 6
FIRST, FACTOR = 3.0, 2.5  # seconds until the second try; each later one waits so many times longer


def note(pages: list[Page], error: NotSent) -> None:
    """Try them again later, or give them up."""
    for page in pages:
        if error.transient and page.attempts + 1 < TRIES:
            _again(page, error)
        else:
            _give_up(page, error)


def _again(page: Page, error: NotSent) -> None:
    wait = timedelta(seconds=FIRST * FACTOR**page.attempts)
    mine = Page.objects.filter(pk=page.pk, state=PageState.SENDING, holder=page.holder)
    mine.update(
        state=PageState.PENDING, attempts=page.attempts + 1, next_at=timezone.now() + wait, holder="",
        problem=redact(str(error))[:500], unsure=page.unsure or error.unsure,
    )  # fmt: skip


@transaction.atomic
def _give_up(page: Page, error: NotSent) -> None:
    mine = Page.objects.filter(pk=page.pk, state=PageState.SENDING, holder=page.holder)
    problem = redact(str(error))[:500]
    if not mine.update(state=PageState.FAILED, attempts=page.attempts + 1, holder="", problem=problem):
        return
    if page.incident is None:
        return
    whom, way = page.user or "The channel", page.channel or page.contact or "e-mail"
    incidents.note(page.incident, EntryKind.PAGE, f"{whom} was not reached by {way}: {problem}")
    if page.user is not None and page.kind in (PageKind.PAGE, PageKind.REMINDER):
        later = Page.objects.filter(user=page.user, incident=page.incident, state=PageState.PENDING)
        later.update(next_at=timezone.now())  # what would be tried after a while is tried now
