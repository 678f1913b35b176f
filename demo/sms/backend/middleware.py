"""What happens around every request: an id, no caching of answers, and the figures for /metrics."""

from __future__ import annotations

import secrets
import time

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend import metrics
from backend.envelope import request_id

NO_STORE = "no-cache, no-store, must-revalidate"
NOT_COUNTED = ("/metrics", "/health/live")


class Observed:
    """Marks every answer with X-Request-ID and Cache-Control, and counts it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on everything that is not HTTP untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        mark = secrets.token_hex(8)
        request_id.set(mark)
        started, status = time.perf_counter(), 500

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = mark
                headers.setdefault("Cache-Control", NO_STORE)
            await send(message)

        try:
            await self.app(scope, receive, send_marked)
        finally:
            _count(scope, status, time.perf_counter() - started)


def _count(scope: Scope, status: int, seconds: float) -> None:
    if scope["path"] in NOT_COUNTED:
        return
    handler = getattr(scope.get("route"), "path", "none")
    metrics.requests.add(handler=handler, method=scope["method"], status=f"{status // 100}xx")
    metrics.durations.add(seconds, handler=handler, method=scope["method"])


def install(app: FastAPI) -> None:
    """Wrap the application."""
    app.add_middleware(Observed)
