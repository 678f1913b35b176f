"""Celery's Redis transport, whose worker goes on after the broker was away while it was busy.

A worker takes no more messages than it can work on, and with kombu's own transport a message that could not be
acknowledged keeps its place for ever: the broker dies while every hand is busy, each acknowledgement fails and is only
logged, and the worker never asks for a message again, without a word. Here the place is free at once. The broker may
deliver such a message a second time, which ticks are made for. Selected for `redis://` and `rediss://` (smsops.celery).
"""

from __future__ import annotations

from typing import Any

from kombu.transport import redis, virtual


class QoS(redis.QoS):
    """Which messages were taken and are not done yet."""

    def ack(self, delivery_tag: Any) -> None:
        """Done, whether or not the broker can be told; the transport's own errors when it cannot."""
        try:
            super().ack(delivery_tag)
        except BaseException:
            virtual.QoS.ack(self, delivery_tag)
            raise

    def reject(self, delivery_tag: Any, requeue: bool = False) -> None:
        """The same for one that is given back or thrown away."""
        try:
            super().reject(delivery_tag, requeue=requeue)
        except BaseException:
            virtual.QoS.ack(self, delivery_tag)
            raise


class Channel(redis.Channel):
    """A channel that counts so."""

    QoS = QoS


class Transport(redis.Transport):
    """Redis."""

    Channel = Channel
