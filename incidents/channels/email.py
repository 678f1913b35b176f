"""E-mail, by the server of the settings."""

from __future__ import annotations

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from incidents.channels.base import SECONDS, Message, NotSent


class Email:
    """Hands the message to the SMTP server. Its Message-ID is that of the page, so that a second copy can be told."""

    def send(self, address: str, message: Message) -> None:
        mail = EmailMessage(
            subject=message.subject,
            body=message.text,
            to=[address],
            headers={"Message-ID": f"<{message.identifier}@smsops>", "Auto-Submitted": "auto-generated"},
            connection=get_connection(timeout=SECONDS),
        )
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise NotSent(
                f"The mail server refuses the address ({code} {_words(text)}).", transient=code < 500
            ) from None
        except smtplib.SMTPResponseException as error:
            told = f"The mail server says {error.smtp_code} {_words(error.smtp_error)}."
            raise NotSent(told, transient=error.smtp_code < 500) from None
        except TimeoutError:
            raise NotSent("The mail server does not answer.", transient=True, unsure=True) from None
        except (OSError, smtplib.SMTPException) as error:
            where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
            raise NotSent(f"The mail server {where} is not reached: {error}.", transient=True) from None
        except ValueError as error:  # a line break in a header, an address that is none
            raise NotSent(f"This cannot be sent as mail: {error}.") from None


def _words(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
