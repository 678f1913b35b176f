"""From a backup to its file, wherever the backup lies: the local vault first, and what it lacks from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from backups import selectors
from backups.errors import BackupDamaged
from backups.models import Backup
from backups.services import rescues
from backups.vault.manifest import Manifest


def unpack(
    backup: Backup, target: Path, guard: Callable[[], None], *, beside: Callable[[], object] = lambda: None
) -> Manifest:
    """Build the backup's file at `target`, every block checked. What the vault lacks or has damaged is fetched from an
    off-site copy first; `beside` is called while the file is digested. Raises BackupDamaged when no copy anywhere is
    whole."""
    vault = selectors.vault_of(backup.environment)
    try:
        return vault.read(backup.identifier, target, beside=beside)
    except BackupDamaged:
        if not backup.replicas.exists():
            raise
    rescues.bring_back(backup.environment, backup.identifier, guard)
    return vault.read(backup.identifier, target, beside=beside)
