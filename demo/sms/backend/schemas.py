"""What goes in and out of the API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from backend.clock import now

Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=255)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class Row(BaseModel):
    """Read straight from a database row."""

    model_config = ConfigDict(from_attributes=True)


class Credentials(BaseModel):
    """The body of a sign-in."""

    email: str
    password: str


class NewStudent(BaseModel):
    """A student to add."""

    first_name: Name
    last_name: Name
    email: Email
    student_id: Annotated[str, Field(min_length=1, max_length=50)]
    enrollment_date: date = Field(default_factory=lambda: now().date())
    study_year: int | None = 1
    mobile_phone: str | None = None


class StudentChange(BaseModel):
    """The fields to change; what is left out stays."""

    first_name: Name | None = None
    last_name: Name | None = None
    email: Email | None = None
    study_year: int | None = None
    mobile_phone: str | None = None
    is_active: bool | None = None


class StudentOut(Row):
    """A student as listed."""

    id: int
    first_name: str
    last_name: str
    email: str | None
    student_id: str
    enrollment_date: date
    is_active: bool
    study_year: int | None
    mobile_phone: str | None


class CourseOut(Row):
    """A course as listed."""

    id: int
    course_code: str
    course_name: str
    semester: str
    credits: int
    evaluation_rules: list[dict[str, Any]] | None


class GradeOut(Row):
    """A grade as listed."""

    id: int
    student_id: int
    course_id: int
    assignment_name: str
    category: str
    grade: float
    max_grade: float
    weight: float
    date_assigned: date
    date_submitted: date | None


class AttendanceOut(Row):
    """An attendance as listed."""

    id: int
    student_id: int
    course_id: int
    date: date
    status: str
    period_number: int
    notes: str | None


class UserOut(Row):
    """Who is signed in."""

    id: int
    email: str
    full_name: str
    role: str
    password_change_required: bool
