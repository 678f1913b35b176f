"""Rows of the backups app."""

from backups.models.backup import Backup, Proof, Reason

__all__ = ["Backup", "Proof", "Reason"]
