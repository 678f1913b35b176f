"""Chat, SMS and push services, by addresses of the library apprise."""

from __future__ import annotations

import logging

import apprise

from incidents.channels import places
from incidents.channels.base import Message, NotSent

logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its lines may hold the tokens of addresses


class Chat:
    """Hands the message to whatever the address names. apprise says only whether that went well."""

    def __init__(self, private_allowed: bool) -> None:
        self.private_allowed = private_allowed

    def send(self, address: str, message: Message) -> None:
        target = self.checked(address)
        sender = apprise.Apprise()
        sender.add(target)
        done = sender.notify(body=message.text, title=message.subject, body_format=apprise.NotifyFormat.TEXT)
        if not done:
            raise NotSent("The service did not take the message.", transient=True)

    def checked(self, address: str) -> apprise.NotifyBase:
        """The address as apprise understands it; NotSent, with a sentence, where it may not or cannot be used."""
        found = apprise.Apprise.instantiate(address, suppress_exceptions=True)
        if found is None:
            raise NotSent("This is no address of a service that apprise knows.")
        if not self.private_allowed and (where := places.private(address)):
            raise NotSent(f"This may not be used: {where} (SMSOPS_PRIVATE_CHANNELS allows it).")
        return found
