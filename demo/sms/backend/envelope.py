"""Era C wraps every answer of the API, good or bad, in one envelope; the older eras send the bare payload."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from fastapi.responses import JSONResponse

from backend.clock import now
from backend.config import settings

request_id: ContextVar[str] = ContextVar("request_id", default="-")


class ApiResponse(JSONResponse):
    """A successful answer of the API, in the shape of the era."""

    def render(self, content: Any) -> bytes:
        """The payload itself, or under `data`."""
        if settings.era == "c":
            content = {"success": True, "data": content, "error": None, "meta": _meta()}
        return super().render(content)


def failure(code: str, message: str, details: object, path: str) -> dict[str, Any]:
    """The envelope of an error."""
    error = {"code": code, "message": message, "details": details, "path": path}
    return {"success": False, "data": None, "error": error, "meta": _meta()}


def _meta() -> dict[str, str]:
    return {"request_id": request_id.get(), "timestamp": now().isoformat(), "version": settings.version}
