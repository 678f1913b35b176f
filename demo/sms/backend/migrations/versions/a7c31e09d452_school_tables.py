"""The tables of the school."""

import sqlalchemy as sa
from alembic import op

revision = "a7c31e09d452"
down_revision = None
branch_labels = None
depends_on = None

OF_A_STUDENT = ("course_enrollments", "attendances", "grades", "daily_performances", "highlights")


def upgrade() -> None:
    """Create them empty."""
    op.create_table(
        "students",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("first_name", sa.String(100), nullable=False),
        sa.Column("last_name", sa.String(100), nullable=False),
        sa.Column("email", sa.String(255), unique=True),
        sa.Column("student_id", sa.String(50), nullable=False, unique=True),
        sa.Column("enrollment_date", sa.Date, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("study_year", sa.Integer),
        sa.Column("mobile_phone", sa.String(30)),
    )
    op.create_table(
        "courses",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("course_code", sa.String(20), nullable=False, unique=True),
        sa.Column("course_name", sa.String(200), nullable=False),
        sa.Column("semester", sa.String(50), nullable=False),
        sa.Column("credits", sa.Integer, nullable=False),
        sa.Column("evaluation_rules", sa.JSON),
    )
    of_a_course(
        "course_enrollments",
        sa.Column("enrolled_at", sa.Date, nullable=False),
        sa.Column("status", sa.String(20), nullable=False, server_default="active"),
    )
    of_a_course(
        "attendances",
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("period_number", sa.Integer, nullable=False, server_default="1"),
        sa.Column("notes", sa.Text),
    )
    of_a_course(
        "grades",
        sa.Column("assignment_name", sa.String(200), nullable=False),
        sa.Column("category", sa.String(50), nullable=False),
        sa.Column("grade", sa.Double, nullable=False),
        sa.Column("max_grade", sa.Double, nullable=False, server_default="100"),
        sa.Column("weight", sa.Double, nullable=False, server_default="1"),
        sa.Column("date_assigned", sa.Date, nullable=False),
        sa.Column("date_submitted", sa.Date),
    )
    of_a_course(
        "daily_performances",
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("category", sa.String(50), nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("max_score", sa.Double, nullable=False, server_default="10"),
        sa.Column("notes", sa.Text),
    )
    op.create_table(
        "highlights",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("student_id", sa.Integer, sa.ForeignKey("students.id"), nullable=False),
        sa.Column("semester", sa.String(50), nullable=False),
        sa.Column("category", sa.String(50), nullable=False),
        sa.Column("rating", sa.Integer, nullable=False),
        sa.Column("highlight_text", sa.Text, nullable=False),
        sa.Column("date_created", sa.Date, nullable=False),
        sa.Column("is_positive", sa.Boolean, nullable=False, server_default=sa.true()),
    )
    for table in OF_A_STUDENT:
        op.create_index(f"ix_{table}_student_id", table, ["student_id"])


def of_a_course(name: str, *columns: sa.Column[object]) -> None:
    """A table whose rows belong to one student in one course."""
    op.create_table(
        name,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("student_id", sa.Integer, sa.ForeignKey("students.id"), nullable=False),
        sa.Column("course_id", sa.Integer, sa.ForeignKey("courses.id"), nullable=False),
        *columns,
    )


def downgrade() -> None:
    """Drop them, the dependent ones first."""
    for table in (*OF_A_STUDENT, "courses", "students"):
        op.drop_table(table)
