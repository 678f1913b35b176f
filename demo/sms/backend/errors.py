"""What an error looks like to the caller, in each era of the application."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException as StarletteHTTPException

from backend import frontend
from backend.config import settings
from backend.envelope import failure, request_id


class RateLimitError(Exception):
    """Too many requests from one address to one endpoint; says the limit as callers know it."""


def refusal(status: int, error_id: str, message: str, **context: str) -> HTTPException:
    """An error with a stable `error_id`, for `raise`."""
    detail: dict[str, Any] = {"error_id": error_id, "error_code": error_id, "message": message}
    detail["request_id"] = request_id.get()
    if context:
        detail["context"] = context
    return HTTPException(status, detail=detail)


def body(
    request: Request, status: int, title: str, detail: object, errors: object = None, code: str = ""
) -> dict[str, Any]:
    """The body of an error: a problem document, or the failure envelope of era C."""
    if settings.era == "c":
        details = detail if errors is None else errors
        return failure(code or f"HTTP_{status}", title, details, request.url.path)
    return {
        "type": f"https://httpstatuses.com/{status}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": str(request.url),
        "errors": errors,
    }


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(StarletteHTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(RateLimitError, _rate_limited)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(Exception, _crashed)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)
    page = frontend.page_for(request) if error.status_code == 404 else None
    if page is not None:
        return page
    content = body(request, error.status_code, "HTTP Exception", error.detail)
    return JSONResponse(content, error.status_code, headers=error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = jsonable_encoder(error.errors(), exclude={"ctx"})
    text = "The request has fields that cannot be used."
    return JSONResponse(body(request, 422, "Validation Error", text, found, "VALIDATION_ERROR"), 422)


async def _rate_limited(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": f"Rate limit exceeded: {error}"}, 429)


async def _database(request: Request, error: Exception) -> Response:
    # Only era C tells a lost database from a bug; the older ones let it pass as a crash.
    if settings.era != "c":
        raise error
    text = "The database cannot be reached."
    return JSONResponse(body(request, 503, text, None, code="DATABASE_UNAVAILABLE"), 503)


async def _crashed(request: Request, _error: Exception) -> Response:
    text = "Internal Server Error"
    return JSONResponse(body(request, 500, text, "An unexpected error occurred.", code="INTERNAL_ERROR"), 500)
