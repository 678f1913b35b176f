"""The port to whatever answers in front of SMS and passes requests on.

With an edge no instance has the public port: each has one of its own on the loopback address, and the edge is told to
which one requests go. Drivers know plain values, never models, and raise OpsError (EdgeUnavailable when the edge itself
does not answer).
"""

from __future__ import annotations

from typing import Protocol

from smsops.errors import OpsError


class EdgeUnavailable(OpsError):
    """What is in front of SMS does not take orders now."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message, transient=True, fix=fix)


class Edge(Protocol):
    """The contract every driver keeps. `to` is the port of an instance on the loopback address."""

    def pointed(self) -> int | None:
        """The port requests go to, or wait for; None while the edge does not serve this SMS at all."""

    def holding(self) -> bool:
        """Whether requests wait for an instance that must call itself ready first."""

    def point(self, to: int) -> None:
        """Send new requests there, from now on. Those under way end where they are."""

    def hold(self, to: int, patience: float, leaving: int | None = None) -> None:
        """Let new requests wait, up to `patience` seconds each, until SMS listens there and calls itself ready; then
        they and all that follow go there. Those under way end where they are; with that port as `leaving`, it can be
        asked how many there are."""

    def under_way(self, port: int) -> int:
        """How many requests are passed on to an instance right now: one that is pointed to, waited for or left."""

    def forget(self) -> None:
        """Give the public port up; a second time is fine."""
