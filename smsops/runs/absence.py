"""A database of our own that is away for a moment: killed and started again, or failed over to another server.

That says nothing about the step that was at work. It is neither done nor failed: the intent stays open, and whoever
comes next looks at the world, as after the death of a worker.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import InterfaceError, OperationalError, connection

from smsops.errors import DatabaseAway

PAUSE = 1.0  # seconds until the run is looked at again
GONE = ("08", "57P")  # SQLSTATE: the connection broke; the server stops, starts, or lost one of its processes


def lost(error: BaseException) -> bool:
    """Whether the server, or the connection to it, went away; psycopg gives such an error no SQLSTATE."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state: str | None = getattr(error.__cause__, "sqlstate", "")
    return state is None or state.startswith(GONE) or isinstance(error, InterfaceError)


def raise_if_lost(error: Exception) -> None:
    """Raise it again where it means that; whatever else it is stays with the caller."""
    if lost(error):
        raise error


@contextlib.contextmanager
def noticed() -> Iterator[None]:
    """Raise DatabaseAway where the body lost the database; whoever asks next does so on a new connection."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if not lost(error):
            raise
        connection.close()
        raise DatabaseAway(str(error)) from error
