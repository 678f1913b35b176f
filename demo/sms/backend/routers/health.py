"""/health for people and monitors, /health/ready for load balancers, /health/live for the supervisor."""

from __future__ import annotations

import platform
import socket
from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import JSONResponse

from backend import health_checks, readiness
from backend.clock import now, uptime
from backend.config import settings
from backend.database import engine

router = APIRouter(tags=["health"])
HERE = ("localhost", "127.0.0.1", "::1")


@router.get("/health/live")
def live() -> JSONResponse:
    """200 as long as the process answers."""
    return JSONResponse({"status": "healthy", "timestamp": now().isoformat(), "uptime_seconds": uptime()})


@router.get("/health/ready")
def ready() -> JSONResponse:
    """200 only when every deciding check is exactly healthy, so also a degraded one means 503."""
    checks = readiness.checks()
    healthy = health_checks.overall(checks) == "healthy"
    body = {"status": "ready" if healthy else "not_ready", "timestamp": now().isoformat(), "checks": checks}
    if not healthy:
        raise HTTPException(503, detail=body)
    return JSONResponse(body)


@router.get("/health")
def health() -> JSONResponse:
    """200 for healthy and degraded, 503 for unhealthy."""
    checks, counts = health_checks.deciding()
    status = health_checks.overall(checks)
    checks |= {"migrations": health_checks.migrations(), "frontend": health_checks.frontend()}
    body = _report(status, checks, counts)
    if status == "unhealthy":
        raise HTTPException(503, detail=body)
    return JSONResponse(body)


def _report(status: str, checks: dict[str, health_checks.Check], counts: dict[str, int]) -> dict[str, Any]:
    host = {"hostname": socket.gethostname(), "ips": _addresses()}
    body: dict[str, Any] = {
        "status": status,
        "timestamp": now().isoformat(),
        "uptime_seconds": uptime(),
        "environment": settings.mode,
        "version": settings.version,
        "checks": checks,
        "statistics": counts,
        "system": {**host, "python_version": platform.python_version()},
        # The fields below are older than the checks; dashboards still read them.
        "database": "connected" if checks["database"]["status"] == "healthy" else "disconnected",
        "services": {name: check["status"] for name, check in checks.items()},
        "network": host,
    }
    if settings.era == "c":
        body["database_target"] = _target()
    return body


def _target() -> dict[str, Any]:
    if settings.database_file:
        nowhere = {"host": None, "port": None, "is_remote": False}
        return {"engine": "sqlite", **nowhere, "database": str(settings.database_file), "driver": "pysqlite"}
    url = engine.url
    where = {"host": url.host, "port": url.port or 5432, "is_remote": url.host not in HERE}
    return {"engine": "postgresql", **where, "database": url.database, "driver": "psycopg"}


def _addresses() -> list[str]:
    """The address this machine reaches others from. A UDP connect sends nothing, unlike a name look-up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ["127.0.0.1"]
        return [str(probe.getsockname()[0])]
