"""What other programs come with, and are told."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from smsops.api import tokens
from smsops.models import ApiToken, Webhook, WebhookDelivery
from smsops.webhooks import signing
from tests.factories.people import make_user
from tests.factories.words import CANARY, unique


def make_token(owner: User | None = None, **fields: Any) -> ApiToken:
    """A token that may read; its text is known to nobody."""
    token, _ = tokens.create(owner or make_user(), fields.pop("name", unique("ci ")), ["read"])
    for name, value in fields.items():
        setattr(token, name, value)
    token.save()
    return token


def make_webhook(url: str = "", **fields: Any) -> Webhook:
    """A webhook that is told of everything, at an address that is a secret."""
    defaults = {"name": unique("hook "), "secret": signing.new_secret()}
    return Webhook.objects.create(url=url or f"https://ops.example/{CANARY}", **{**defaults, **fields})


def make_delivery(hook: Webhook | None = None, **fields: Any) -> WebhookDelivery:
    """A message that waits."""
    defaults = {"message": unique("msg_"), "event": "run.ended", "about": "run:7", "body": '{"type": "run.ended"}'}
    return WebhookDelivery.objects.create(webhook=hook or make_webhook(), **{**defaults, **fields})
