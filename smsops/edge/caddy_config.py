"""What Caddy is told about one SMS, as its JSON. Pure functions."""

from __future__ import annotations

from typing import Any

from smsops.health import READY

RETRY_EVERY = "50ms"
BRIDGED = "3s"  # how long a request waits for an SMS that the engine starts again
LOOK_EVERY = "100ms"  # at an SMS whose readiness is waited for
AT_ONCE = 512  # requests passed on side by side when those that waited are let go: SMS's own queue is a fair one
ERROR_CODE = "{http.error.status_code}"
SORRY = "The school's system is not available right now. Please try again in a moment."


def server(listen: int, to: int, patience: float | None = None, leaving: int | None = None) -> dict[str, Any]:
    """The server that passes what comes to the port `listen` on to `to`; with `patience`, once SMS is ready there.

    Caddy counts the requests of a port for as long as its configuration names it: `leaving` is named and never reached.
    """
    named = [] if leaving is None or leaving == to else [_passing_on(leaving, None)]
    return {
        "listen": [f":{listen}"],
        "automatic_https": {"disable": True},  # encryption is what stands in front of it
        "routes": [{"handle": [_passing_on(to, None) if patience is None else _letting_wait(to, patience), *named]}],
        "errors": {"routes": [{"handle": [_sorry()]}]},
    }


def dial(port: int) -> str:
    """How Caddy names an instance."""
    return f"127.0.0.1:{port}"


def _letting_wait(to: int, patience: float) -> dict[str, Any]:
    """Two things of Caddy are worked round. A body is lost with the first try that finds nobody at the port, unless it
    was read before: here by naming it. And whoever comes just when the next configuration does, finds no instance
    (503), for a look at SMS that is interrupted counts as a bad one: nothing was passed on then, so it is tried again.
    """
    kept = {"handler": "vars", "smsops_body": "{http.request.body}"}
    nobody = {"match": [{"vars": {ERROR_CODE: ["503"]}}], "handle": [_passing_on(to, None)], "terminal": True}
    others = {"handle": [{"handler": "error", "status_code": ERROR_CODE}]}
    waiting = {"handle": [kept, _passing_on(to, patience)]}
    return {"handler": "subroute", "routes": [waiting], "errors": {"routes": [nobody, others]}}


def _passing_on(to: int, patience: float | None) -> dict[str, Any]:
    upstream: dict[str, Any] = {"dial": dial(to)}
    handler: dict[str, Any] = {
        "handler": "reverse_proxy",
        "upstreams": [upstream],
        # A connection that is kept could be the one SMS closes just now, with somebody's grades on the way.
        "transport": {"protocol": "http", "keep_alive": {"enabled": False}},
        "load_balancing": {"try_duration": BRIDGED, "try_interval": RETRY_EVERY},
    }
    if patience is not None:
        upstream["max_requests"] = AT_ONCE
        handler["load_balancing"]["try_duration"] = f"{patience:.0f}s"
        look = {"uri": READY, "interval": LOOK_EVERY, "timeout": "2s", "expect_status": 200}
        handler["health_checks"] = {"active": look}
    return handler


def _sorry() -> dict[str, Any]:
    return {
        "handler": "static_response",
        "status_code": "503",
        "headers": {"Retry-After": ["5"], "Content-Type": ["text/plain; charset=utf-8"]},
        "body": SORRY,
    }


def target(found: Any) -> tuple[int | None, bool]:
    """Where such a server passes requests on to, and whether they wait there; (None, False) for another one."""
    try:
        handler = found["routes"][0]["handle"][0]
        if handler["handler"] == "subroute":
            handler = handler["routes"][0]["handle"][-1]
        return int(handler["upstreams"][0]["dial"].rpartition(":")[2]), "health_checks" in handler
    except (TypeError, KeyError, IndexError, ValueError):
        return None, False
