"""The phone number of a guardian, and announcements."""

import sqlalchemy as sa
from alembic import op

revision = "e82b46c1d7f0"
down_revision = "merge_accounts_soft_delete"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both, empty."""
    op.add_column("students", sa.Column("guardian_phone", sa.String(30)))
    op.create_table(
        "announcements",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("author", sa.String(255), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    """Remove both; what was written into them is lost."""
    op.drop_table("announcements")
    op.drop_column("students", "guardian_phone")
