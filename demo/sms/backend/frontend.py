"""The page people use: an HTML file, its bundle under /assets, and the same file for every path inside it."""

from __future__ import annotations

import os

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from backend.config import ROOT, settings

DIST = ROOT / "frontend" / "dist"
FOREVER = "public, max-age=31536000, immutable"
# Below these a missing path is a mistake of the caller, not a place inside the page.
NOT_THE_PAGE = ("/api/", "/assets/", "/health", "/metrics", "/docs", "/openapi.json")


class Assets(StaticFiles):
    """Files whose names carry the hash of their content, so a browser may keep them for ever."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """As the framework does it, with the cache header."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = FOREVER
        return response


def page_for(request: Request) -> Response | None:
    """The page, for a path inside it; None when the path is not the page's or no page was built."""
    index = DIST / "index.html"
    if request.method not in ("GET", "HEAD") or request.url.path.startswith(NOT_THE_PAGE):
        return None
    return FileResponse(index, media_type="text/html") if settings.frontend and index.exists() else None


def home(request: Request) -> Response:
    """The page, or a few words as JSON when there is none."""
    words = {"message": "Student Management System API", "version": settings.version, "health": "/health"}
    return page_for(request) or JSONResponse(words)


def install(app: FastAPI) -> None:
    """Serve `/` and `/assets`; the other paths of the page are answered where 404 is handled."""
    app.add_api_route("/", home, methods=["GET", "HEAD"], include_in_schema=False)
    app.mount("/assets", Assets(directory=DIST / "assets", check_dir=False))
