"""What the backups app stores."""

from backups.models.backup import Backup, Proof, Reason
from backups.models.policy import RetentionPolicy

__all__ = ["Backup", "Proof", "Reason", "RetentionPolicy"]
