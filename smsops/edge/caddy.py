"""The driver for Caddy, through its admin API.

Each SMS is one server of Caddy's configuration, and only that is ever changed. A change is taken over in one step: the
listening socket stays, and requests under way end with the configuration they began with. Caddy keeps it over restarts
when it runs with `--resume`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smsops.edge import caddy_config
from smsops.edge.base import EdgeUnavailable
from smsops.errors import OpsError
from smsops.http import Answer, ask

ROOT = "/config"
PATIENCE = 10.0  # seconds an order may take
PARENTS = ("apps", "http", "servers")


@dataclass(frozen=True)
class Caddy:
    """One SMS, `name`, on the public port `listen`; `admin` is where Caddy takes orders, as a web address or as
    unix:///path."""

    name: str
    admin: str
    listen: int

    def pointed(self) -> int | None:
        return caddy_config.target(self._server())[0]

    def holding(self) -> bool:
        return caddy_config.target(self._server())[1]

    def point(self, to: int) -> None:
        self._set(caddy_config.server(self.listen, to))

    def hold(self, to: int, patience: float, leaving: int | None = None) -> None:
        self._set(caddy_config.server(self.listen, to, patience, leaving))

    def under_way(self, port: int) -> int:
        known = self._ask("GET", "/reverse_proxy/upstreams").json() or []
        return next((each["num_requests"] for each in known if each["address"] == caddy_config.dial(port)), 0)

    def forget(self) -> None:
        if self._server() is not None:
            self._order("DELETE", self._path())

    def _path(self, depth: int = len(PARENTS)) -> str:
        names = [*PARENTS, f"smsops-{self.name}"]
        return "/".join([ROOT, *names[: depth + 1]])

    def _server(self) -> Any:
        answer = self._ask("GET", self._path())
        return answer.json() if answer.ok else None  # a path that leads nowhere is refused

    def _set(self, server: dict[str, Any]) -> None:
        """Write the server; what is above it is made where Caddy has nothing there yet."""
        depth = len(PARENTS)
        value: Any = server
        while depth and not self._there(depth - 1):
            value = {self._path(depth).rpartition("/")[2]: value}
            depth -= 1
        self._order("POST", self._path(depth), value)

    def _there(self, depth: int) -> bool:
        answer = self._ask("GET", self._path(depth))
        return answer.ok and answer.json() is not None

    def _order(self, method: str, path: str, value: Any = None) -> None:
        answer = self._ask(method, path, value)
        if not answer.ok:
            raise OpsError(f"Caddy refused: {_said(answer)}", fix=_fix(answer, self.listen))

    def _ask(self, method: str, path: str, value: Any = None) -> Answer:
        answer = ask(self.admin, path, method=method, payload=value, timeout=PATIENCE)
        if not answer.answered:
            fix = "Start it, or switch the edge off in the environment."
            raise EdgeUnavailable(f"Caddy takes no orders at {self.admin}: {answer.describe()}.", fix)
        return answer


def _said(answer: Answer) -> str:
    body = answer.json()
    said = body.get("error") if isinstance(body, dict) else None
    return " ".join(str(said or answer.describe()).split())[:300]


def _fix(answer: Answer, port: int) -> str:
    return f"Another program has port {port}." if "address already in use" in _said(answer) else ""
