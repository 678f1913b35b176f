"""What /health looks at. Database, disk and memory decide; migrations and frontend only inform."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend import host_checks, revisions
from backend.config import settings
from backend.database import engine
from backend.models import Course, Enrollment, Grade, Student

Check = dict[str, Any]
COUNTED = {"students": Student, "courses": Course, "grades": Grade, "enrollments": Enrollment}
PORTS = (5173, 3000, 5174, 3001, 8080)
HEADS = revisions.heads()


def database() -> tuple[Check, dict[str, int]]:
    """The check and the row counts (deleted rows included); unhealthy without counts when unreadable."""
    if settings.forced_health == "unhealthy":
        return _check("unhealthy", "Database connection failed: forced by SMS_HEALTH"), {}
    try:
        with Session(engine) as session:
            session.execute(text("SELECT 1"))
            mode = session.scalar(text("PRAGMA journal_mode")) if settings.database_file else None
            counts = {name: session.scalar(select(func.count(of.id))) or 0 for name, of in COUNTED.items()}
    except DBAPIError as error:
        return _check("unhealthy", f"Database connection failed: {error.orig}"), {}
    check = _check("healthy", "Database connection successful")
    if mode:
        check["journal_mode"] = mode
    if settings.era == "c":
        check["dialect"] = engine.dialect.name
    return check, counts


def migrations() -> Check:
    """Whether the database is at the newest revision of this release."""
    try:
        current = revisions.current(settings)
    except (OSError, ValueError, sqlite3.Error) as error:
        return _check("degraded", "Could not check migration status", error=str(error))
    at_head = current == HEADS
    details = {"current_version": ", ".join(sorted(current)) or None, "at_head": at_head}
    if at_head:
        return _check("healthy", "Database migrations up to date", **details)
    if not current and settings.era == "c":
        return _check("degraded", "Database migrations not initialized", **details)
    return _check("degraded", "Database migrations may be outdated", **details)


def frontend() -> Check:
    """Always degraded: it looks for a development server, and an installation serves the page itself."""
    return _check("degraded", "Frontend not reachable on known ports", ports=list(PORTS))


def deciding() -> tuple[dict[str, Check], dict[str, int]]:
    """The checks that decide whether the application is healthy and ready, and the row counts."""
    database_check, counts = database()
    checks = {"database": database_check, "disk_space": host_checks.disk_space()}
    if settings.era != "a":
        checks["memory"] = host_checks.memory()
    return checks, counts


def overall(checks: dict[str, Check]) -> str:
    """The worst of them."""
    found = {check["status"] for check in checks.values()}
    return next(status for status in ("unhealthy", "degraded", "healthy") if status in found)


def _check(status: str, message: str, **details: object) -> Check:
    return {"status": status, "message": message, "details": details}
