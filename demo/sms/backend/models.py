"""The tables of the school. Deleting sets `deleted_at`; the row stays."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Every table has a number as its key."""

    id: Mapped[int] = mapped_column(primary_key=True)


class SoftDelete:
    """Rows with a moment in `deleted_at` are hidden everywhere but still counted by /health."""

    deleted_at: Mapped[datetime | None] = mapped_column(index=True)


class Student(SoftDelete, Base):
    """A person at the school; `student_id` is the number on the card."""

    __tablename__ = "students"
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str | None] = mapped_column(String(255), unique=True)
    student_id: Mapped[str] = mapped_column(String(50), unique=True)
    enrollment_date: Mapped[date]
    is_active: Mapped[bool] = mapped_column(default=True)
    study_year: Mapped[int | None]
    mobile_phone: Mapped[str | None] = mapped_column(String(30))


class Course(SoftDelete, Base):
    """A course of one semester, with the rules its grade is computed by."""

    __tablename__ = "courses"
    course_code: Mapped[str] = mapped_column(String(20), unique=True)
    course_name: Mapped[str] = mapped_column(String(200))
    semester: Mapped[str] = mapped_column(String(50))
    credits: Mapped[int]
    evaluation_rules: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)


class Enrollment(SoftDelete, Base):
    """A student takes a course."""

    __tablename__ = "course_enrollments"
    student_id: Mapped[int] = mapped_column(ForeignKey("students.id"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    enrolled_at: Mapped[date]
    status: Mapped[str] = mapped_column(String(20))


class Attendance(SoftDelete, Base):
    """Present, Absent, Late or Excused in one period of one day."""

    __tablename__ = "attendances"
    student_id: Mapped[int] = mapped_column(ForeignKey("students.id"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    date: Mapped[date]
    status: Mapped[str] = mapped_column(String(20))
    period_number: Mapped[int]
    notes: Mapped[str | None] = mapped_column(Text)


class Grade(SoftDelete, Base):
    """Points for one assignment."""

    __tablename__ = "grades"
    student_id: Mapped[int] = mapped_column(ForeignKey("students.id"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    assignment_name: Mapped[str] = mapped_column(String(200))
    category: Mapped[str] = mapped_column(String(50))
    grade: Mapped[float]
    max_grade: Mapped[float]
    weight: Mapped[float]
    date_assigned: Mapped[date]
    date_submitted: Mapped[date | None]


class DailyPerformance(SoftDelete, Base):
    """A teacher's mark for one day."""

    __tablename__ = "daily_performances"
    student_id: Mapped[int] = mapped_column(ForeignKey("students.id"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    date: Mapped[date]
    category: Mapped[str] = mapped_column(String(50))
    score: Mapped[float]
    max_score: Mapped[float]
    notes: Mapped[str | None] = mapped_column(Text)


class Highlight(SoftDelete, Base):
    """A remark worth keeping for the end of the semester."""

    __tablename__ = "highlights"
    student_id: Mapped[int] = mapped_column(ForeignKey("students.id"), index=True)
    semester: Mapped[str] = mapped_column(String(50))
    category: Mapped[str] = mapped_column(String(50))
    rating: Mapped[int]
    highlight_text: Mapped[str] = mapped_column(Text)
    date_created: Mapped[date]
    is_positive: Mapped[bool]
