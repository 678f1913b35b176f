"""What the backups app stores."""

from backups.models.backup import Backup, Proof, Reason
from backups.models.offsite import OffsiteVault, Replica
from backups.models.policy import RetentionPolicy

__all__ = ["Backup", "OffsiteVault", "Proof", "Reason", "Replica", "RetentionPolicy"]
