"""What the backups app stores."""

from backups.models.backup import Backup, Proof, Reason
from backups.models.day import BackupDay
from backups.models.following import LogFollowing
from backups.models.offsite import OffsiteVault
from backups.models.own import OwnBackups
from backups.models.policy import LetGo, RetentionPolicy
from backups.models.replica import Replica
from backups.models.schedule import BackupSchedule

__all__ = [
    "Backup",
    "BackupDay",
    "BackupSchedule",
    "LetGo",
    "LogFollowing",
    "OffsiteVault",
    "OwnBackups",
    "Proof",
    "Reason",
    "Replica",
    "RetentionPolicy",
]
