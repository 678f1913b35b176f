"""What a follower's image is built from, when its own is gone or damaged: the newest backup that fits."""

from __future__ import annotations

import contextlib
from pathlib import Path

from backups import selectors
from backups.models import Backup
from backups.services.positions import position_of
from backups.wal.frames import Position
from backups.wal.rebuilding import Base
from backups.wal.replay import planned
from smsops.errors import OpsError
from smsops.models import Environment

TRIED = 10  # backups, the newest first


def base_of(environment: Environment) -> Base:
    """Unpacks the newest good backup of this environment from which the log leads to where it is asked for."""

    def unpack(end: Position, target: Path) -> Position | None:
        vault, log = selectors.vault_of(environment), selectors.log_of(environment)
        for backup in Backup.objects.filter(environment=environment, damage="", here=True)[:TRIED]:
            with contextlib.suppress(OpsError):
                manifest = vault.manifest(backup.identifier)
                position = position_of(manifest)
                if position is not None:
                    planned(log, position, end)
                    vault.read(backup.identifier, target)
                    return position
            target.unlink(missing_ok=True)
        return None

    return unpack
