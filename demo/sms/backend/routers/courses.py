"""Courses."""

from __future__ import annotations

from fastapi import APIRouter, Response
from sqlalchemy import select

from backend.config import settings
from backend.database import Database
from backend.envelope import ApiResponse
from backend.models import Course
from backend.paging import Window, page, rows
from backend.rate_limiting import limited
from backend.schemas import CourseOut

router = APIRouter(prefix="/api/v1/courses", tags=["courses"])


@router.get("/", dependencies=[limited("read")])
def index(database: Database, window: Window) -> Response:
    """Courses by code, in the same shape as the students."""
    query = select(Course).where(Course.deleted_at.is_(None)).order_by(Course.course_code)
    listed = rows if settings.era == "a" else page
    return ApiResponse(listed(database, query, CourseOut, window))
