"""In a storm one message for many pages: what goes to one recipient at one time goes in one (I6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from incidents.channels.base import Message
from incidents.models import Page
from incidents.services import links

ALONE = 3  # as many go out one by one
NAMED = 20  # that one message lists

MAYBE_AGAIN = "(You may have had this already: the sender was cut off while it was on its way.)"


def grouped(pages: Iterable[Page]) -> list[list[Page]]:
    """The pages as they go out: singly, or all of a recipient's together where there are many."""
    by_recipient: dict[tuple[int | None, int | None, int | None], list[Page]] = defaultdict(list)
    for page in pages:
        by_recipient[page.user_id, page.contact_id, page.channel_id].append(page)
    groups = []
    for found in by_recipient.values():
        groups += [[page] for page in found] if len(found) <= ALONE else [found]
    return groups


def single(page: Page) -> Message:
    """One page as a message: what it says, how late, and the link to act on."""
    subject, _, rest = page.text.partition("\n")
    parts = [subject, rest, page.late and f"This is {page.late}.", page.unsure and MAYBE_AGAIN, links.of(page)]
    return Message(subject[:200], "\n".join(part for part in parts if part), page.key)


def several(pages: list[Page]) -> Message:
    """Many in one, the first lines of each, and the link to the first."""
    lines = [page.text.partition("\n")[0] for page in pages]
    more = f"… and {len(lines) - NAMED} more." if len(lines) > NAMED else ""
    subject = f"{len(pages)} messages: {lines[0]}"[:200]
    parts = [*lines[:NAMED], more, any(page.unsure for page in pages) and MAYBE_AGAIN, links.of(pages[0])]
    return Message(subject, "\n".join(part for part in parts if part), pages[0].key)
