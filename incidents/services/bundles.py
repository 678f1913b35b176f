"""In a storm one message for many pages: what goes to one recipient at one time goes in one (I6).

Whoever has just had several waits a few seconds for the next, so that what comes meanwhile goes in one as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Count, QuerySet
from django.utils import timezone

from incidents.channels.base import Message
from incidents.models import Page, PageState
from incidents.services import links
from incidents.services.pages import ASKS

ALONE = 3  # as many go out one by one
LATELY = timedelta(seconds=5)  # whoever had so many within it gets the next together
NAMED = 20  # that one message lists

MAYBE_AGAIN = "(You may have had this already: the sender was cut off while it was on its way.)"


def grouped(pages: Iterable[Page]) -> list[list[Page]]:
    """The pages as they go out: singly, or all of a recipient's together where there are many. What asks somebody to
    act comes before what only tells."""
    by_recipient: dict[tuple[int | None, int | None, int | None], list[Page]] = defaultdict(list)
    for page in sorted(pages, key=tells):
        by_recipient[page.user_id, page.contact_id, page.channel_id].append(page)
    groups = []
    for found in by_recipient.values():
        groups += [[page] for page in found] if len(found) <= ALONE else [found]
    return sorted(groups, key=lambda group: tells(group[0]))


def without_flooded(pages: QuerySet[Page]) -> QuerySet[Page]:
    """Those of them whose recipient has not just had several."""
    had = Page.objects.filter(state=PageState.SENT, sent_at__gt=timezone.now() - LATELY).order_by()
    recipients = had.values_list("user", "contact", "channel").annotate(had=Count("pk"))
    flooded = [each[:3] for each in recipients.filter(had__gte=ALONE)]
    if not flooded:
        return pages
    channels = {channel for _, _, channel in flooded if channel}
    contacts = {contact for _, contact, _ in flooded if contact}
    users = {user for user, contact, channel in flooded if not (contact or channel)}
    pages = pages.exclude(channel__in=channels).exclude(contact__in=contacts)
    return pages.exclude(user__in=users, contact=None, channel=None)


def message(pages: list[Page]) -> Message:
    """What goes out for these pages: one of them, or all in one."""
    return _single(pages[0]) if len(pages) == 1 else _several(pages)


def _single(page: Page) -> Message:
    """One page as a message: what it says, how late, and the link to act on."""
    subject, _, rest = page.text.partition("\n")
    parts = [subject, rest, page.late and f"This is {page.late}.", page.unsure and MAYBE_AGAIN, links.of(page)]
    return Message(subject[:200], "\n".join(part for part in parts if part), _identifier(page))


def _several(pages: list[Page]) -> Message:
    """Many in one: the first line of each, and its link."""
    lines = [line for page in pages[:NAMED] for line in (page.text.partition("\n")[0], page.late, links.of(page))]
    more = f"… and {len(pages) - NAMED} more; the list of incidents has them." if len(pages) > NAMED else ""
    subject = f"{len(pages)} messages: {lines[0]}"[:200]
    parts = [*lines, more, any(page.unsure for page in pages) and MAYBE_AGAIN]
    return Message(subject, "\n".join(part for part in parts if part), _identifier(pages[0]))


def _identifier(page: Page) -> str:
    """The same however often it is sent; another installation's page of the same name is from another moment."""
    return f"{page.key}.{page.due_at.timestamp():.0f}"


def tells(page: Page) -> bool:
    """Whether it only tells, and asks nobody to act."""
    return page.kind not in ASKS
