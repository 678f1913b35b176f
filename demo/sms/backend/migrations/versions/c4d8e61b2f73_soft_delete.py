"""Deleting keeps the row: `deleted_at` on the seven tables of the school."""

import sqlalchemy as sa
from alembic import op

revision = "c4d8e61b2f73"
down_revision = "a7c31e09d452"
branch_labels = None
depends_on = None

TABLES = (
    "students",
    "courses",
    "course_enrollments",
    "attendances",
    "grades",
    "daily_performances",
    "highlights",
)


def upgrade() -> None:
    """Add the column and its index, empty."""
    for table in TABLES:
        op.add_column(table, sa.Column("deleted_at", sa.DateTime))
        op.create_index(f"ix_{table}_deleted_at", table, ["deleted_at"])


def downgrade() -> None:
    """Remove it again; rows that were deleted come back."""
    for table in TABLES:
        op.drop_index(f"ix_{table}_deleted_at", table)
        op.drop_column(table, "deleted_at")
