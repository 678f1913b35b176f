"""E-mail, by the server of the settings."""

from __future__ import annotations

import contextlib
import smtplib
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from incidents.channels.base import SECONDS, Message, NotSent

FIX = "See that it runs and that this machine reaches it; SMSOPS_EMAIL_HOST and SMSOPS_EMAIL_PORT say which one it is."


class Email:
    """Hands messages to the SMTP server, over one connection as long as it holds. A message's Message-ID is that of the
    page, so that a second copy can be told."""

    def __init__(self) -> None:
        self.connection: Any = None

    def send(self, address: str, message: Message) -> None:
        """As promised in base.py."""
        try:
            if self.connection is None:
                self.connection = get_connection(timeout=SECONDS / 2)
                self.connection.open()
            self.connection.send_messages([self._mail(address, message)])
        except (OSError, smtplib.SMTPException, ValueError) as error:
            unsure = bool(getattr(self.connection, "on_its_way", False))
            self.rest()
            raise _not_sent(error, unsure) from None

    def rest(self) -> None:
        """End the connection, if there is one."""
        connection, self.connection = self.connection, None
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if connection is not None:
                connection.close()

    def _mail(self, address: str, message: Message) -> EmailMessage:
        return EmailMessage(
            subject=message.subject,
            body=message.text,
            to=[address],
            headers={"Message-ID": f"<{message.identifier}@smsops>", "Auto-Submitted": "auto-generated"},
        )


def server() -> str:
    """Which one it is, to begin a sentence with."""
    return f"The mail server {settings.EMAIL_HOST}:{settings.EMAIL_PORT}"


def _not_sent(error: Exception, unsure: bool) -> NotSent:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return NotSent(f"The mail server refuses the address ({code} {_words(text)}).", transient=code < 500)
    if isinstance(error, smtplib.SMTPResponseException):
        told = f"The mail server says {error.smtp_code} {_words(error.smtp_error)}."
        return NotSent(told, transient=error.smtp_code < 500)
    if isinstance(error, TimeoutError) or "timed out" in str(error):  # smtplib tells of it as of a cut
        return NotSent(f"{server()} does not answer.", transient=True, unsure=unsure, fix=FIX)
    if isinstance(error, OSError):  # SMTPException is one, and so is what a network says
        why = (error.strerror or str(error)).rstrip(".")
        return NotSent(f"{server()} is not reached: {why}.", transient=True, unsure=unsure, fix=FIX)
    return NotSent(f"This cannot be sent as mail: {error}.")  # a line break in a header, an address that is none


def _words(text: bytes | str) -> str:
    return " ".join((text.decode("utf-8", "replace") if isinstance(text, bytes) else text).split())[:200]
