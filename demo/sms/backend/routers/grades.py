"""Grades."""

from __future__ import annotations

from fastapi import APIRouter, Response
from sqlalchemy import select

from backend.database import Database
from backend.envelope import ApiResponse
from backend.models import Grade
from backend.paging import Window, page
from backend.rate_limiting import limited
from backend.schemas import GradeOut

router = APIRouter(prefix="/api/v1/grades", tags=["grades"])


@router.get("/", dependencies=[limited("read")])
def index(database: Database, window: Window, student_id: int | None = None, course_id: int | None = None) -> Response:
    """A page of grades in every era, of one student or course if asked."""
    query = select(Grade).where(Grade.deleted_at.is_(None)).order_by(Grade.id)
    if student_id is not None:
        query = query.where(Grade.student_id == student_id)
    if course_id is not None:
        query = query.where(Grade.course_id == course_id)
    return ApiResponse(page(database, query, GradeOut, window))
