"""Which logs are to be copied where, and what the processes that do it say of themselves (B8)."""

from __future__ import annotations

import contextlib
import time
from datetime import datetime
from pathlib import Path

from django.db import DatabaseError, close_old_connections

from backups.models import LogFollowing, OffsiteVault
from backups.services import log_faults, offsite
from smsops.errors import OpsError
from smsops.models import DatabaseEngine

TELL = 2.0  # seconds between two reports, and looks at what is wanted
SHOWN = 3  # faults that are told one by one


def wanted(queue: str = "") -> list[int]:
    """The off-site vaults to which a log is to be copied, by id; with `queue`, those of environments with it."""
    vaults = OffsiteVault.objects.filter(enabled=True, copy_log=True, environment__log_following__enabled=True)
    vaults = vaults.filter(environment__database_engine=DatabaseEngine.SQLITE)
    return list((vaults.filter(environment__queue=queue) if queue else vaults).values_list("pk", flat=True))


class Post:
    """Where a copier learns what is wanted of it and leaves word of itself. A database that does not answer keeps no
    commit from being copied: what was known last holds."""

    def __init__(self, vault_id: int, folder: Path) -> None:
        self.rows = OffsiteVault.objects.filter(pk=vault_id).select_related("environment")
        self.known: OffsiteVault | None = None
        self.asked = self.told = 0.0
        self.well = False
        self.left: dict[str, object] = {}
        self.notes = folder / "faults.json"
        self.faults = log_faults.noted(self.notes)

    def vault(self) -> OffsiteVault | None:
        """The vault as it is now; None when it is not wanted any more."""
        with contextlib.suppress(DatabaseError):
            close_old_connections()
            self.known = self.rows.filter(pk__in=wanted()).first()
        self.asked = time.monotonic()
        return self.known

    def changed(self, vault: OffsiteVault) -> bool:
        """Whether somebody wants it otherwise now."""
        if time.monotonic() - self.asked < TELL:
            return False
        now = self.vault()
        return now is None or (offsite.site_of(now), now.read_back, now.log_seconds) != (
            offsite.site_of(vault), vault.read_back, vault.log_seconds
        )  # fmt: skip

    def kept(self, vault: OffsiteVault) -> datetime | None:
        """Up to when every commit is kept here, as the follower says; None while nobody follows, or cannot be asked."""
        with contextlib.suppress(DatabaseError):
            close_old_connections()
            rows = LogFollowing.objects.filter(environment_id=vault.environment_id)
            return rows.values_list("looked_at", flat=True).first()
        return None

    def tell(self, at: datetime | None) -> None:
        """Up to when every commit is there, and what is damaged; at once what is new, else every few seconds."""
        faults = list(self.faults.values())
        said = {"log_problem": " ".join(map(str, faults[:SHOWN])), "log_faults": len(faults)}
        if said == self.left and time.monotonic() - self.told < TELL:
            return
        self._update(**said, **({"log_at": at} if at else {}))
        if said != self.left:
            log_faults.note(self.notes, self.faults)
        self.left, self.told = dict(said), time.monotonic()

    def trouble(self, error: OpsError) -> None:
        """Why nothing can be copied now."""
        self.left = {}
        self._update(log_problem=str(error))

    def _update(self, **values: object) -> None:
        with contextlib.suppress(DatabaseError):
            close_old_connections()
            self.rows.update(**values)
