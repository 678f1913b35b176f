"""From a way to its driver."""

from __future__ import annotations

from django.conf import settings

from incidents.channels.base import Carrier, NotSent
from incidents.channels.email import FIX, Email, server
from incidents.models import Way


def carrier(way: str) -> Carrier:
    """The driver of that way."""
    if way == Way.EMAIL:
        return Email()
    from incidents.channels.chat import Chat  # a large library, which most processes never need

    return Chat(settings.SMSOPS_PRIVATE_CHANNELS)


def ready(way: str) -> None:
    """Load what the driver needs, so that it does not take from the time of its first message."""
    if way != Way.EMAIL:
        from incidents.channels import chat

        chat.load()


def called(way: str) -> tuple[str, str]:
    """What takes messages of that way over, to begin a sentence with, and what can be done where it does not. Chat
    addresses are secrets."""
    return (server(), FIX) if way == Way.EMAIL else ("The chat service", "")


def mistake(address: str) -> str:
    """Why a chat address cannot be used, in a sentence without the address; empty when it can."""
    from incidents.channels.chat import Chat

    try:
        Chat(settings.SMSOPS_PRIVATE_CHANNELS).checked(address)
    except NotSent as error:
        return str(error)
    return ""
