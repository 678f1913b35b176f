"""Sends what is written down (I6).

A page is claimed, sent, and only then called sent; whoever finds one that a dead sender had claimed sends it again and
marks it, because nobody can know whether it went out.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from incidents.channels.base import SECONDS, Message, NotSent
from incidents.models import Page, PageState, Way
from incidents.services import bundles, failures
from incidents.services.carriers import carrier
from smsops.runs import holders

AT_ONCE = 500  # pages claimed at a time
HANDS = 8  # that send side by side; they mostly wait
ABANDONED = timedelta(seconds=SECONDS * 6)  # a sender elsewhere that has not finished by then is dead or as good as
Group = list[Page]


def send_due() -> int:
    """Send everything that is due; return how many pages went out."""
    reclaim()
    sent = 0
    while claimed := _claim():
        groups = bundles.grouped(claimed)
        with ThreadPoolExecutor(HANDS) as pool:
            sent += sum(pool.map(_send_apart, groups))
    return sent


def reclaim() -> int:
    """Take back what dead senders had claimed."""
    lost = [
        page.pk
        for page in Page.objects.filter(state=PageState.SENDING)
        if holders.gone(page.holder) or (page.claimed_at or timezone.now()) < timezone.now() - ABANDONED
    ]
    mine = Page.objects.filter(pk__in=lost, state=PageState.SENDING)
    return mine.update(state=PageState.PENDING, unsure=True, holder="", next_at=timezone.now())


def _claim() -> list[Page]:
    now, me = timezone.now(), holders.me()
    due = Page.objects.filter(state=PageState.PENDING, next_at__lte=now).order_by("next_at", "pk")
    numbers = list(due.values_list("pk", flat=True)[:AT_ONCE])
    still = Page.objects.filter(pk__in=numbers, state=PageState.PENDING)
    if not numbers or not still.update(state=PageState.SENDING, holder=me, claimed_at=now):
        return []
    mine = Page.objects.filter(state=PageState.SENDING, holder=me)
    return list(mine.select_related("user", "contact", "channel", "incident__environment"))


def _send_apart(group: Group) -> int:
    try:
        return _send(group)
    finally:
        connection.close()  # this thread's own


def _send(group: Group) -> int:
    first = group[0]
    way, address = _route(first)
    mark = uuid.uuid4().hex if len(group) > 1 else ""
    try:
        if not address:
            raise NotSent("Nobody knows an address any more.")
        carrier(way).send(address, message(group))
    except NotSent as error:
        failures.note(group, error)
        return 0
    values = {"state": PageState.SENT, "sent_at": timezone.now(), "bundle": mark, "problem": ""}
    mine = Page.objects.filter(pk__in=[page.pk for page in group], state=PageState.SENDING, holder=first.holder)
    return mine.update(**values)


def message(group: Iterable[Page]) -> Message:
    """What goes out for these pages: one of them, or all in one."""
    pages = list(group)
    return bundles.single(pages[0]) if len(pages) == 1 else bundles.several(pages)


def _route(page: Page) -> tuple[str, str]:
    if page.channel is not None:
        return page.channel.way, page.channel.address
    if page.contact is not None:
        return page.contact.way, page.contact.address
    return Way.EMAIL, page.user.email if page.user is not None else ""
