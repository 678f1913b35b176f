"""What webhooks are told, written where the change is written: both or neither. sending.py sends."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import Error
from django.db.models import Q
from django.utils import timezone

from smsops.models import DeliveryState, Webhook, WebhookDelivery
from smsops.redact import redact_data
from smsops.webhooks import doorbell
from smsops.webhooks.events import TEST

log = logging.getLogger(__name__)
KEPT = timedelta(days=30)
Data = Callable[[], dict[str, Any]]


def tell(event: str, about: str, data: Data, environment_id: int | None) -> None:
    """Write it down for every webhook that wants it, within the caller's transaction. `about` is the object, like
    “run:7”; `data` is asked only where somebody wants it. What is wrong with the data is logged and stops nobody."""
    hooks = Webhook.objects.filter(Q(environment=None) | Q(environment=environment_id), active=True)
    wanting = [hook for hook in hooks.defer("url", "secret") if not hook.events or event in hook.events]
    if not wanting:
        return
    try:
        body = _body(event, about, data())
    except Error:
        raise
    except Exception:
        log.exception("%s of %s cannot be put into words for webhooks", event, about)
        body = _body(event, about, {})
    _write(wanting, event, about, body)


def test(hook: Webhook) -> None:
    """Write a message that says it is a test."""
    _write([hook], TEST, "", _body(TEST, "", {"said": "This is a test of the webhook; nothing has happened."}))


def withhold(about: str) -> None:
    """What was written about that object says nothing of it any more; what was sent cannot be taken back."""
    for each in WebhookDelivery.objects.filter(about=about):
        body = json.loads(each.body)
        body["data"] = {"object": about}
        WebhookDelivery.objects.filter(pk=each.pk).update(body=json.dumps(body))


def again(delivery: WebhookDelivery) -> None:
    """Send it once more, whatever became of it."""
    values = {"state": DeliveryState.PENDING, "attempts": 0, "next_at": timezone.now(), "ended_at": None}
    WebhookDelivery.objects.filter(pk=delivery.pk).update(**values)
    doorbell.ring_on_commit()


def tidy() -> int:
    """Remove what is older than a month; return how many those were."""
    return WebhookDelivery.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]


def _body(event: str, about: str, data: dict[str, Any]) -> str:
    told = {"type": event, "timestamp": timezone.now(), "data": {"object": about, **redact_data(data)}}
    return json.dumps(told, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> str:
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def _write(hooks: list[Webhook], event: str, about: str, body: str) -> None:
    message = f"msg_{uuid.uuid4().hex}"
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(webhook=hook, message=message, event=event, about=about, body=body) for hook in hooks
    )
    doorbell.ring_on_commit()
