"""Sends what is written down (I6).

That a message is about to go is written before it goes, that it went afterwards; whoever finds one that a dead sender
had begun sends it again and marks it, because nobody can know whether it went out. One thread keeps the books; hands
carry.
"""

from __future__ import annotations

import contextlib
import logging
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from incidents.channels.base import NotSent
from incidents.channels.hands import Ended, Errand, Hands
from incidents.channels.sides import Sides, side_of
from incidents.models import Contact, Page, PageKind, PageState, Way
from incidents.services import bundles, carriers, failures, pages
from smsops.runs import holders

log = logging.getLogger(__name__)

READ = ("user", "contact", "channel")
AT_ONCE = 500  # pages looked at together
HANDS = 8  # that send side by side; they mostly wait
SENDERS = 3  # on one machine at a time
ROUND = 10.0  # seconds after which no more is begun: the next round goes on
LOOK = 1.0  # seconds without news after which a sender looks for what has become due
TOLD = 3.0  # seconds between two signs of life of a sender
ABANDONED = timedelta(seconds=20)  # a sender elsewhere that gave none for so long is dead or as good as
MOST = 30  # times one is begun
AWAY = 30.0  # seconds the database may be away while it has to be told what became of a message
Group = list[Page]
Done = TypeVar("Done")
_running: set[str] = set()  # rounds of this process
_sides = Sides()


def send_due() -> int:
    """Send everything that is due; return how many pages went out. Enough senders at a time share the work, and leave
    the other workers to everything else."""
    reclaim()
    if not _waiting().exists() or _crowded() or not (due := _due()):
        return 0
    sending = _Round()
    _running.add(sending.holder)
    try:
        return sending.run(due)
    finally:
        _running.discard(sending.holder)
        sending.hands.rest()


def reclaim() -> int:
    """Take back what dead senders had begun; return how many those were."""
    begun = Page.objects.filter(state=PageState.SENDING).select_related("user", "contact", "channel", "incident")
    return sum(_taken_back(page) for page in begun if _lost(page))


def _taken_back(page: Page) -> bool:
    if page.attempts >= MOST:  # one that costs every sender its life
        return failures.give_up(page, NotSent(f"Its sender was cut off {page.attempts} times."), page.holder)
    return pages.put_back(page, page.holder, unsure=True, next_at=timezone.now(), problem="Its sender was cut off.")


def _lost(page: Page) -> bool:
    if holders.gone(page.holder) or page.claimed_at is None or page.claimed_at < timezone.now() - ABANDONED:
        return True
    ours = page.holder.rpartition("|")[0] == holders.me().rpartition("|")[0]
    return ours and page.holder not in _running


def _crowded() -> bool:
    """Whether as many senders as there may be on this machine are at it."""
    here = holders.me().split("|")[:2]
    holding = Page.objects.filter(state=PageState.SENDING).order_by().values_list("holder", flat=True).distinct()
    return sum(holder.split("|")[:2] == here for holder in holding) >= SENDERS


def _waiting() -> QuerySet[Page]:
    return Page.objects.filter(state=PageState.PENDING, next_at__lte=timezone.now()).order_by("next_at", "pk")


def _due() -> list[Group]:
    found = bundles.without_flooded(_waiting())
    return bundles.grouped(found.select_related(*READ)[:AT_ONCE])


class _Round:
    """One sender's round."""

    def __init__(self) -> None:
        self.holder = holders.me()
        self.hands = Hands(HANDS, carriers.carrier)
        self.sides: dict[int, str] = {}  # of the pages met
        self.told = time.monotonic()
        self.sent = 0

    def run(self, waiting: list[Group]) -> int:
        """Send those, and what becomes due meanwhile: a hand that hangs does not keep the others from it."""
        ends, ended = time.monotonic() + ROUND, list[Ended]()
        while waiting or ended or self.hands.busy:
            over = time.monotonic() >= ends
            now, waiting = ([], []) if over else self._next(waiting)
            begun = self._keep(ended, now)
            for group in begun:
                self._give(group)
            if missed := bool(now and not begun):
                waiting = _elsewhere(waiting)
            ended = self.hands.ended(LOOK) if self.hands.busy else []
            if not over and not (waiting and now) and not ended and (self.hands.busy or not missed):
                waiting = _due()
        return self.sent

    def _next(self, waiting: list[Group]) -> tuple[list[Group], list[Group]]:
        return _sides.next_of(waiting, self._side, [errand.side for errand in self.hands.carried], HANDS)

    def _side(self, group: Group) -> str:
        number = group[0].pk
        if number not in self.sides:
            self.sides[number] = side_of(*_route(group[0]))
        return self.sides[number]

    def _keep(self, ended: list[Ended], now: list[Group]) -> list[Group]:
        """Write down what became of those, and that these are about to go; return what of these is ours. What became of
        a message only this process knows, so a database that is away is waited for."""
        went = [each.errand.mark for each in ended if each.error is None]
        begun = _surely(partial(self._written, went, now)) if went or now else []
        self.sent += sum(len(group) for group in went)
        for each in ended:
            (_sides.hung if each.hung else _sides.well)(each.errand.side)
            if each.error is not None:
                for page in each.errand.mark:
                    _surely(partial(failures.note, page, each.error, self.holder))
        self._tell()
        return begun

    def _tell(self) -> None:
        """That this sender lives, as long as something is on its way."""
        if self.hands.busy and time.monotonic() - self.told > TOLD:
            self.told = time.monotonic()
            with contextlib.suppress(OperationalError, InterfaceError):
                mine = Page.objects.filter(state=PageState.SENDING, holder=self.holder)
                mine.update(claimed_at=timezone.now())

    @transaction.atomic
    def _written(self, went: list[Group], now: list[Group]) -> list[Group]:
        if went:
            self._went(went)
        return self._begin(now) if now else []

    def _begin(self, groups: list[Group]) -> list[Group]:
        """That these are about to go, except what was recalled meanwhile or is another sender's."""
        numbers = [page.pk for group in groups for page in group]
        own = Q(state=PageState.SENDING, holder=self.holder)  # where this was written, and we never heard of it
        free = Page.objects.filter(Q(state=PageState.PENDING) | own, pk__in=numbers)
        found = {page.pk: page for page in free.select_for_update(skip_locked=True).order_by("pk")}
        for known in (page for group in groups for page in group if page.pk in found):
            page = found[known.pk]  # what it says now, not what it said when we looked
            page.user, page.contact, page.channel = known.user, known.contact, known.channel
        _cancel([pk for pk, page in found.items() if _unwanted(page)])
        mine = {pk: page for pk, page in found.items() if not _unwanted(page)}
        begun = {"holder": self.holder, "claimed_at": timezone.now(), "attempts": F("attempts") + 1}
        Page.objects.filter(pk__in=mine).update(state=PageState.SENDING, **begun)
        left = [[mine[page.pk] for page in group if page.pk in mine] for group in groups]
        return [group for group in left if group]

    def _give(self, group: Group) -> None:
        try:
            errand = _errand(group)
        except Exception as error:
            log.exception("page %s cannot be put into words", group[0].key)
            for page in group:
                failures.note(page, NotSent(f"It cannot be put into words ({type(error).__name__})."), self.holder)
        else:
            self.hands.give(errand)

    def _went(self, groups: list[Group]) -> None:
        mine = Page.objects.filter(state=PageState.SENDING, holder=self.holder)
        values = {"state": PageState.SENT, "sent_at": timezone.now(), "holder": ""}
        alone = [group[0].pk for group in groups if len(group) == 1]
        if alone:
            mine.filter(pk__in=alone).update(**values)
        for group in groups:
            if len(group) > 1:
                mine.filter(pk__in=[page.pk for page in group]).update(bundle=uuid.uuid4().hex, **values)
        tests = [page for group in groups for page in group if page.kind == PageKind.TEST]
        if tests:
            Contact.objects.filter(pages__in=tests).update(tested_at=timezone.now())


def _surely(write: Callable[[], Done]) -> Done:
    until = time.monotonic() + AWAY
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > until:
                raise
            connection.close()
            time.sleep(0.5)


def _elsewhere(waiting: list[Group]) -> list[Group]:
    """What another sender has not begun either, from the middle on: so the two do not meet again at once."""
    numbers = [page.pk for group in waiting for page in group]
    pending = set(Page.objects.filter(pk__in=numbers, state=PageState.PENDING).values_list("pk", flat=True))
    left = [group for group in waiting if not pending.isdisjoint(page.pk for page in group)]
    middle = len(left) // 2
    return sorted(left[middle:] + left[:middle], key=lambda group: bundles.tells(group[0]))


def _errand(group: Group) -> Errand:
    way, address = _route(group[0])
    carriers.ready(way)
    return Errand(group, way, address, bundles.message(group), *carriers.called(way))


def _unwanted(page: Page) -> bool:
    """Whether whom it was for, or the way, is not to be used any more."""
    if page.user is not None and not page.user.is_active:
        return True
    place = page.channel or page.contact
    return page.user is None if place is None else not (place.enabled or page.kind == PageKind.TEST)


def _cancel(numbers: list[int]) -> None:
    if numbers:
        Page.objects.filter(pk__in=numbers, state=PageState.PENDING).update(state=PageState.CANCELLED)


def _route(page: Page) -> tuple[str, str]:
    place = page.channel or page.contact
    if place is not None:
        return place.way, place.address
    return Way.EMAIL, page.user.email if page.user is not None else ""
