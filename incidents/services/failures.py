"""What becomes of pages that did not go out: tried again, said aloud, and the person's next way is used (I6)."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from incidents.channels.base import NotSent
from incidents.models import EntryKind, Page, PageKind, PageState
from incidents.services import incidents, pages
from smsops.redact import redact

FIRST, FACTOR, LONGEST = 3.0, 2.5, 300.0  # seconds until the second try; each later one waits so many times longer
TRIES = {PageKind.PAGE: 20}  # over an hour: nothing comes after it where somebody has the incident
FEW_TRIES = 6  # of the others, which are followed by the next
PATIENCE = 3  # tries after which a person's later ways are used at once


def note(page: Page, error: NotSent, holder: str) -> None:
    """Try it again later, or give it up; `page` is as it was before this try."""
    tries = page.attempts + 1
    again = error.transient and tries < TRIES.get(PageKind(page.kind), FEW_TRIES)
    if again:
        wait = timedelta(seconds=min(LONGEST, FIRST * FACTOR**page.attempts))
        unsure = page.unsure or error.unsure
        pages.put_back(page, holder, next_at=timezone.now() + wait, problem=_words(error), unsure=unsure)
    else:
        give_up(page, error, holder)
    if tries == PATIENCE or not again:
        _use_next_way(page, error, again)


def give_up(page: Page, error: NotSent, holder: str) -> bool:
    """Call it not delivered, if `holder` still had it; whether it did."""
    mine = Page.objects.filter(pk=page.pk, state=PageState.SENDING, holder=holder)
    return bool(mine.update(state=PageState.FAILED, holder="", problem=_words(error)))


@transaction.atomic
def _use_next_way(page: Page, error: NotSent, again: bool) -> None:
    """Say that somebody was not reached; what would be tried by other ways after a while is tried now."""
    if page.incident is None or page.kind == PageKind.NEWS:
        return
    if page.user is not None:
        later = Page.objects.filter(user=page.user, incident=page.incident, state=PageState.PENDING, attempts=0)
        numbers = list(later.select_for_update().order_by("pk").values_list("pk", flat=True))
        Page.objects.filter(pk__in=numbers).update(next_at=timezone.now())
    whom, way = page.user or "The channel", page.channel or (page.contact and page.contact.way_label) or "e-mail"
    goes_on = " It is tried again." if again else ""
    incidents.note(page.incident, EntryKind.PAGE, f"{whom} was not reached by {way}: {_words(error)}{goes_on}")


def _words(error: NotSent) -> str:
    return redact(str(error))[:500]
