"""Attendance."""

from __future__ import annotations

from fastapi import APIRouter, Response
from sqlalchemy import select

from backend.config import settings
from backend.database import Database
from backend.envelope import ApiResponse
from backend.models import Attendance
from backend.paging import Window, page, rows
from backend.rate_limiting import limited
from backend.schemas import AttendanceOut

router = APIRouter(prefix="/api/v1/attendance", tags=["attendance"])


@router.get("/", dependencies=[limited("read")])
def index(database: Database, window: Window, student_id: int | None = None) -> Response:
    """Attendance in the order it was taken, in the same shape as the students."""
    query = select(Attendance).where(Attendance.deleted_at.is_(None)).order_by(Attendance.id)
    if student_id is not None:
        query = query.where(Attendance.student_id == student_id)
    listed = rows if settings.era == "a" else page
    return ApiResponse(listed(database, query, AttendanceOut, window))
