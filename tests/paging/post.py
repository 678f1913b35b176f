"""A real mail server on the loopback, which accepts, refuses, hangs and dies as it is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from email import message_from_bytes
from email.message import Message

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.places import free_port


class Post:
    """`refuse` is what is answered to a recipient, `answer` what to the message itself; empty: taken. `hangs`: the
    message is never answered. `dies`: the connection is cut instead of an answer, the message being kept."""

    def __init__(self) -> None:
        self.refuse, self.answer, self.hangs, self.dies = "", "", False, False
        self.mails: list[Message] = []
        self.to: list[list[str]] = []
        self.connections = 0
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port(), ready_timeout=60)

    @property
    def port(self) -> int:
        return int(self.controller.port)

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]

    @property
    def bodies(self) -> list[str]:
        return [str(mail.get_payload(decode=True).decode()) for mail in self.mails]  # type: ignore[union-attr]

    @property
    def copies(self) -> Counter[str]:
        """How often each Message-ID came."""
        return Counter(str(mail["Message-ID"]) for mail in self.mails)

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.hangs:
            await asyncio.sleep(60)
        if self.answer:
            return self.answer
        self.mails.append(message_from_bytes(envelope.content or b""))  # type: ignore[arg-type]
        self.to.append(envelope.rcpt_tos)
        if self.dies and server.transport is not None:
            server.transport.abort()  # type: ignore[attr-defined]
        return "250 OK"

    def __enter__(self) -> Post:
        self.controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.controller.stop()
