"""Did it arrive? How often a message was tried, when last, when next, and what went wrong, in sentences (I6)."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from incidents.models import Page, PageState
from smsops.redact import redact
from smsops.text import count_text


def told(page: Page) -> str:
    """What is known of its delivery. Whether it was read nobody but its recipient knows."""
    often = f"{count_text(page.attempts, 'try', 'tries')}, the last at {_at(page.claimed_at)}"
    match page.state:
        case PageState.SENT:
            said = f"It was taken over at {_at(page.sent_at)}, after {often}."
        case PageState.SENDING:
            said = f"It is on its way: {often}."
        case PageState.FAILED:
            said = f"It was not delivered: {often}. It is not tried again."
        case PageState.CANCELLED:
            said = f"It is not needed any more: {often}." if page.attempts else "It was not needed any more."
        case _ if page.attempts:
            said = f"It has not arrived yet: {often}; the next at {_at(page.next_at)}."
        case _:
            said = f"It was not tried yet; the first try is at {_at(page.next_at)}."
    return " ".join(filter(None, (said, _unsure(page), _error(page))))


def _unsure(page: Page) -> str:
    arrived = "It may have arrived twice" if page.state == PageState.SENT else "It may have arrived nevertheless"
    return f"{arrived}: a sender was cut off while it was on its way." if page.unsure else ""


def _error(page: Page) -> str:
    """The last one, redacted once more with what is known to be secret now."""
    return f"The last error: {redact(page.problem).strip()}" if page.problem else ""


def _at(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S %Z}" if moment is not None else "a time that is not known"
