"""Django's SMTP backend, which also knows whether a message was on its way when the connection broke."""

from __future__ import annotations

import smtplib
from typing import Any

from django.core.mail.backends.smtp import EmailBackend as StockBackend


class _Knowing:
    """Notes when the server is about to get the message itself: then only its answer says what became of it."""

    on_its_way = False

    def data(self, msg: Any) -> Any:
        self.on_its_way = True
        answer = super().data(msg)  # type: ignore[misc]
        self.on_its_way = False
        return answer


class _Plain(_Knowing, smtplib.SMTP):
    pass


class _Tls(_Knowing, smtplib.SMTP_SSL):
    pass


class EmailBackend(StockBackend):
    """The stock one otherwise."""

    @property
    def connection_class(self) -> Any:
        return _Tls if self.use_ssl else _Plain

    @property
    def on_its_way(self) -> bool:
        """Whether a message was handed over and not answered for."""
        return bool(getattr(self.connection, "on_its_way", False))
