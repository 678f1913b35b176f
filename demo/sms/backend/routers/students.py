"""Students: list, add, look up, change, delete (the row stays)."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend import audit
from backend.auth import Writer
from backend.clock import now
from backend.config import settings
from backend.database import Database
from backend.envelope import ApiResponse
from backend.errors import refusal
from backend.models import Student
from backend.paging import Window, page, rows
from backend.rate_limiting import limited
from backend.schemas import NewStudent, StudentChange, StudentOut

router = APIRouter(prefix="/api/v1/students", tags=["students"])


@router.get("/", dependencies=[limited("read")])
def index(database: Database, window: Window, is_active: bool | None = None) -> Response:
    """Students in the order they came; the oldest era sends a bare array, the later ones a page."""
    query = select(Student).where(Student.deleted_at.is_(None)).order_by(Student.id)
    if is_active is not None:
        query = query.where(Student.is_active.is_(is_active))
    listed = rows if settings.era == "a" else page
    return ApiResponse(listed(database, query, StudentOut, window))


@router.post("/", dependencies=[limited("write")])
def add(new: NewStudent, request: Request, database: Database, user: Writer) -> Response:
    """201 with the student; 409 when the address or the number is taken."""
    student = Student(**new.model_dump(), is_active=True)
    database.add(student)
    _flush(database)
    audit.record(database, request, "create", "student", student.id, user.email)
    database.commit()
    return ApiResponse(_out(student), 201)


@router.get("/{number}", dependencies=[limited("read")])
def show(number: int, database: Database) -> Response:
    """One student; 404 when deleted."""
    return ApiResponse(_out(_find(database, number)))


@router.put("/{number}", dependencies=[limited("write")])
def change(number: int, changes: StudentChange, request: Request, database: Database, user: Writer) -> Response:
    """The student with the given fields changed."""
    student = _find(database, number)
    for name, value in changes.model_dump(exclude_unset=True).items():
        setattr(student, name, value)
    _flush(database)
    audit.record(database, request, "update", "student", number, user.email)
    database.commit()
    return ApiResponse(_out(student))


@router.delete("/{number}", dependencies=[limited("write")])
def delete(number: int, request: Request, database: Database, user: Writer) -> Response:
    """204; the row stays with `deleted_at` set and no longer active."""
    student = _find(database, number)
    student.deleted_at, student.is_active = now(), False
    audit.record(database, request, "delete", "student", number, user.email)
    database.commit()
    return Response(status_code=204)


def _find(database: Session, number: int) -> Student:
    student = database.get(Student, number)
    if student is None or student.deleted_at is not None:
        raise refusal(404, "STUDENT_NOT_FOUND", f"There is no student {number}")
    return student


def _flush(database: Session) -> None:
    try:
        database.flush()
    except IntegrityError:
        raise refusal(409, "STUDENT_DUPLICATE", "The email or student id is already in use") from None


def _out(student: Student) -> dict[str, object]:
    return StudentOut.model_validate(student).model_dump(mode="json")
