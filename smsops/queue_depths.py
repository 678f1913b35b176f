"""How many messages wait in the broker's queues: asked of Redis and of the folder alike (K8)."""

from __future__ import annotations

from collections.abc import Iterable

from kombu.exceptions import ChannelError, OperationalError

from smsops.celery import app
from smsops.errors import OpsError

PATIENCE = 2  # seconds for the broker to answer


def of(names: Iterable[str]) -> dict[str, int]:
    """By queue; 0 for one that nobody has ever written to. OpsError when the broker does not answer."""
    with app.connection_for_read(connect_timeout=PATIENCE) as connection:
        away: list[type[BaseException]] = [OperationalError, OSError, *connection.connection_errors]
        try:
            connection.ensure_connection(max_retries=1, timeout=PATIENCE)
            channel = connection.default_channel
            return {name: _depth(channel, name) for name in names}
        except (*away, *connection.channel_errors) as error:
            fix = "Start the broker; until then beat's bells are lost, and the sweep makes up for them later."
            raise OpsError(f"The broker does not answer ({type(error).__name__}).", fix=fix) from None


def _depth(channel: object, name: str) -> int:
    try:
        found = channel.queue_declare(name, passive=True)  # type: ignore[attr-defined]
    except ChannelError:
        return 0
    return int(found.message_count or 0)
