"""What the backups app stores."""

from backups.models.backup import Backup, Proof, Reason
from backups.models.offsite import OffsiteVault, Replica
from backups.models.policy import RetentionPolicy
from backups.models.schedule import BackupSchedule

__all__ = ["Backup", "BackupSchedule", "OffsiteVault", "Proof", "Reason", "Replica", "RetentionPolicy"]
