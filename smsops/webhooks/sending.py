"""Sends what is written down for webhooks. One thread keeps the books; hands post.

Each webhook has one message on its way at a time, claimed by one sender; of the hands, at most half are for webhooks
that fail, so the others never wait for those. A message that was sent by a sender who died before writing it down is
sent again, with the same webhook-id, by which receivers know it.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from smsops import wall_clock
from smsops.models import DeliveryState, Webhook, WebhookDelivery
from smsops.runs import holders
from smsops.text import count_text
from smsops.webhooks import posting, signing
from smsops.webhooks.posting import Posted

log = logging.getLogger(__name__)
HANDS, FOR_FAILING = 8, 4
ROUND = 20.0  # seconds after which no more is begun: the next round goes on
LOOK = 0.3  # seconds without news after which a sender looks for what has become due
MISSED = timedelta(minutes=1)  # no sender needs so long to begin
ABANDONED = timedelta(minutes=2)  # a claim of a sender elsewhere that is older is of a dead one
MINUTE = 60
WAITS = (5, 30, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, *(60 * MINUTE,) * 2, *(120 * MINUTE,) * 3, *(240 * MINUTE,) * 4)
LONGEST = timedelta(seconds=max(WAITS))
REST, LONGEST_REST = 5, 5 * MINUTE  # seconds nothing is sent to a webhook that does not answer, at first and at most
GONE = 410
LONGEST_ANSWER = 30.0  # seconds, whatever the setting says: a round must end before its worker ends it


def send_due() -> int:
    """Send everything that is due; return how many messages arrived."""
    wall_clock.bring_back(Webhook.objects.filter(active=True), "rests_until", timedelta(seconds=LONGEST_REST))
    waiting = WebhookDelivery.objects.filter(state=DeliveryState.PENDING, webhook__active=True)
    wall_clock.bring_back(waiting, "next_at", LONGEST)
    return _Round().run() if _due().exists() else 0


def left(hook: Webhook, oldest: datetime | None) -> bool:
    """Whether nobody has sent to it although its oldest message, due at `oldest`, could have been sent for a minute."""
    could = max(each for each in (oldest, hook.rests_until, hook.claimed_at) if each is not None) if oldest else None
    return hook.active and could is not None and timezone.now() - could > MISSED


def _due() -> QuerySet[Webhook]:
    """Webhooks with something to send, which nobody is at, those that fail last."""
    now = timezone.now()
    waiting = _waiting(now).filter(webhook=OuterRef("pk"))
    free = Q(holder="") | Q(claimed_at__lt=now - ABANDONED) | Q(claimed_at__gt=now + wall_clock.DIFFER)
    found = Webhook.objects.filter(Exists(waiting), free, active=True, rests_until__lte=now)
    return found.order_by(F("failing_since").desc(nulls_first=True), "pk")


def _waiting(now: datetime) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(state=DeliveryState.PENDING, next_at__lte=now)


def _of(future: Future[Posted]) -> Posted:
    """What came of it; a fault of ours is one of this message alone."""
    try:
        return future.result()
    except Exception:
        log.exception("a message of a webhook could not be sent")
        return Posted(problem="smsops could not send it; its log says why.")


class _Round:
    """One sender's round."""

    def __init__(self) -> None:
        self.holder = holders.me()
        self.busy: dict[Future[Posted], WebhookDelivery] = {}
        self.sent = 0

    def run(self) -> int:
        """Begin with what is due, and go on with what becomes due meanwhile."""
        ends = time.monotonic() + ROUND
        with ThreadPoolExecutor(HANDS, thread_name_prefix="smsops-webhook") as pool:
            while True:
                if time.monotonic() < ends:
                    for delivery in self._claimed():
                        self.busy[pool.submit(_post, delivery)] = delivery
                if not self.busy:
                    return self.sent
                ended, _ = wait(self.busy, timeout=LOOK, return_when=FIRST_COMPLETED)
                for future in ended:
                    self._note(self.busy.pop(future), _of(future))

    def _claimed(self) -> list[WebhookDelivery]:
        """The next message of each webhook that has a turn now."""
        free = HANDS - len(self.busy)
        if free <= 0:
            return []
        failing = sum(each.webhook.failing_since is not None for each in self.busy.values())
        found: list[WebhookDelivery] = []
        for hook in _due()[: HANDS * 2]:
            if len(found) == free or (hook.failing_since is not None and failing >= FOR_FAILING):
                continue
            if (delivery := self._claim(hook)) is not None:
                found.append(delivery)
                failing += hook.failing_since is not None
        return found

    def _claim(self, hook: Webhook) -> WebhookDelivery | None:
        same = Webhook.objects.filter(pk=hook.pk, holder=hook.holder, claimed_at=hook.claimed_at)
        if not same.update(holder=self.holder, claimed_at=timezone.now()):
            return None
        delivery = _waiting(timezone.now()).filter(webhook=hook).order_by("pk").first()
        if delivery is None:
            Webhook.objects.filter(pk=hook.pk, holder=self.holder).update(holder="")
            return None
        delivery.webhook = hook
        return delivery

    def _note(self, delivery: WebhookDelivery, posted: Posted) -> None:
        """Write down what became of it, and let the webhook go."""
        values = _success() if posted.good else _failure(delivery, posted)
        row = WebhookDelivery.objects.filter(pk=delivery.pk, state=DeliveryState.PENDING)
        row.update(attempts=F("attempts") + 1, status=posted.status or None, problem=posted.problem, **values)
        hook = _well() if posted.good else _unwell(delivery.webhook, posted)
        Webhook.objects.filter(pk=delivery.webhook_id, holder=self.holder).update(holder="", **hook)
        self.sent += posted.good


def _post(delivery: WebhookDelivery) -> Posted:
    hook, body = delivery.webhook, delivery.body.encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "smsops-webhooks/1",
        **signing.headers(hook.secret, delivery.message, int(time.time()), body),
    }
    return posting.post(hook.url, body, headers, min(settings.SMSOPS_WEBHOOK_SECONDS, LONGEST_ANSWER))


def _success() -> dict[str, object]:
    return {"state": DeliveryState.SENT, "ended_at": timezone.now()}


def _failure(delivery: WebhookDelivery, posted: Posted) -> dict[str, object]:
    now = timezone.now()
    if posted.status == GONE or delivery.attempts >= len(WAITS):
        return {"state": DeliveryState.FAILED, "ended_at": now}
    return {"next_at": now + timedelta(seconds=WAITS[delivery.attempts])}


def _well() -> dict[str, object]:
    return {"failing_since": None, "silent": 0, "rests_until": timezone.now()}


def _unwell(hook: Webhook, posted: Posted) -> dict[str, object]:
    """One that does not answer rests as a whole; one that refuses a message may take the next."""
    now = timezone.now()
    since = min(hook.failing_since or now, now)
    values: dict[str, object] = {"failing_since": since, "silent": 0}
    if not posted.status:
        rest = min(REST * 2 ** min(hook.silent, 10), LONGEST_REST)
        values |= {"silent": hook.silent + 1, "rests_until": now + timedelta(seconds=rest)}
    if posted.status == GONE:
        values |= {"active": False, "switched_off": "It answered that it is gone for good (HTTP 410)."}
    elif now - since >= timedelta(days=settings.SMSOPS_WEBHOOK_DAYS):
        days = count_text(settings.SMSOPS_WEBHOOK_DAYS, "day")
        values |= {"active": False, "switched_off": f"Nothing arrived for {days}. {posted.problem}"[:300]}
    return values
