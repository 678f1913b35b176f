"""From an environment's row to its edge."""

from __future__ import annotations

from smsops.edge.base import Edge
from smsops.edge.caddy import Caddy
from smsops.models import EdgeKind, Environment


def edge_for(environment: Environment) -> Edge | None:
    """What answers in front of this environment's SMS; None where SMS has the public port itself."""
    return last_edge(environment) if environment.edge == EdgeKind.CADDY else None


def last_edge(environment: Environment) -> Edge:
    """The one that is set there, whether it is in use or not any more."""
    return Caddy(environment.name, environment.edge_admin, environment.host_port)
