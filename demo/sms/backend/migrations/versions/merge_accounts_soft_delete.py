"""Two branches of work become one line again; nothing changes."""

revision = "merge_accounts_soft_delete"
down_revision = ("b90f5d2e7a16", "c4d8e61b2f73")
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing to do."""


def downgrade() -> None:
    """Nothing to undo."""
