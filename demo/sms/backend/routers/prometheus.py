"""GET /metrics."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from fastapi.responses import PlainTextResponse
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend import metrics
from backend.config import settings
from backend.database import engine
from backend.models import Course, Enrollment, Grade, Student

router = APIRouter(tags=["metrics"])
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Gauge = tuple[str, float, dict[str, str]]


@router.get("/metrics")
def scrape() -> PlainTextResponse:
    """All figures; those of the school are missing while the database cannot be read."""
    if not settings.metrics:
        raise HTTPException(404, detail="Metrics are switched off (ENABLE_METRICS)")
    return PlainTextResponse(metrics.exposition(school()), media_type=CONTENT_TYPE)


def school() -> list[Gauge]:
    """How many students, courses, grades and enrollments there are, deleted ones left out."""
    with Session(engine) as session:
        try:
            active = _count(session, Student, Student.is_active)
            students = {"active": active, "inactive": _count(session, Student) - active}
            by_semester = select(Course.semester, func.count()).where(Course.deleted_at.is_(None))
            semesters = session.execute(by_semester.group_by(Course.semester)).all()
            gauges: list[Gauge] = [
                ("sms_grades_total", _count(session, Grade), {}),
                ("sms_enrollments_total", _count(session, Enrollment), {}),
            ]
        except DBAPIError:
            return []
    gauges += [("sms_students_total", number, {"status": status}) for status, number in students.items()]
    return gauges + [("sms_courses_total", number, {"semester": name}) for name, number in semesters]


def _count(session: Session, of: type[Student | Grade | Enrollment], *conditions: object) -> int:
    query = select(func.count(of.id)).where(of.deleted_at.is_(None), *conditions)  # type: ignore[arg-type]
    return session.scalar(query) or 0
