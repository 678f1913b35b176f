"""From a way to its driver."""

from __future__ import annotations

from django.conf import settings

from incidents.channels.base import Carrier
from incidents.channels.chat import Chat
from incidents.channels.email import Email
from incidents.models import Way


def carrier(way: str) -> Carrier:
    """The driver of that way."""
    return Email() if way == Way.EMAIL else Chat(settings.SMSOPS_PRIVATE_CHANNELS)
