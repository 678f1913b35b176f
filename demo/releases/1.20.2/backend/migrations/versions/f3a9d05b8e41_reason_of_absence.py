"""The language a student prefers, and why somebody was absent."""

import sqlalchemy as sa
from alembic import op

revision = "f3a9d05b8e41"
down_revision = "e82b46c1d7f0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns, empty."""
    add_missing("students", sa.Column("preferred_language", sa.String(10)))
    add_missing("attendance", sa.Column("absence_reason", sa.String(200)))


def add_missing(table: str, column: sa.Column[str]) -> None:
    """Leave a column alone that an earlier attempt has added already."""
    known = sa.inspect(op.get_bind())
    if not known.has_table(table) or column.name not in {each["name"] for each in known.get_columns(table)}:
        op.add_column(table, column)


def downgrade() -> None:
    """Remove both."""
    op.drop_column("attendance", "absence_reason")
    op.drop_column("students", "preferred_language")
