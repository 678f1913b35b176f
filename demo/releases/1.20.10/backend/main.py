"""The application the server runs: `uvicorn backend.main:app`."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from backend import errors, flushing, frontend, middleware, startup
from backend.config import settings
from backend.routers import ALL


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Startup work before the first request."""
    logging.getLogger("sms").info("Student Management System %s starting", settings.version)
    await run_in_threadpool(startup.run)
    flushing.on_stop()
    yield


def create_app() -> FastAPI:
    """Put the parts together."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(levelname)s:     [%(name)s] %(message)s"))
    logger = logging.getLogger("sms")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    app = FastAPI(title="Student Management System", version=settings.version, lifespan=lifespan)
    middleware.install(app)
    errors.install(app)
    for router in ALL:
        app.include_router(router)
    frontend.install(app)
    return app


app = create_app()
