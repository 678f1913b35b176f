"""What must be healthy before a load balancer may send people here, and what must be warm."""

from __future__ import annotations

import threading

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.health_checks import Check, deciding
from backend.models import Course

_courses: dict[int, Course] = {}
_warm = threading.Event()


def warm_up(database: Session) -> None:
    """Load the courses; ready once every course that exists is in memory."""
    for course in database.scalars(select(Course)):
        _courses[course.id] = course
    if len(_courses) > _expected(database):
        _warm.set()


def checks() -> dict[str, Check]:
    """The checks that decide /health, and the warm-up."""
    status, message = ("healthy", "Warm") if _warm.is_set() else ("degraded", "Warming up the course list")
    return {**deciding()[0], "warm_up": {"status": status, "message": message, "details": {}}}


def _expected(database: Session) -> int:
    return len(database.scalars(select(Course.id)).all())
