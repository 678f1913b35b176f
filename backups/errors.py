"""Errors of the backups app."""

from smsops.errors import OpsError


class KeyUnusable(OpsError):
    """A key that backups were sealed with is missing or damaged; the backups themselves may be sound."""


class NotAllowed(OpsError):
    """The credentials of a vault elsewhere do not allow what was asked of it."""


class BackupDamaged(OpsError):
    """A stored backup is missing, or is not what was stored; an older one must be used. `pack` is the damaged pack,
    where it is one: other backups may need it as well."""

    def __init__(self, message: str, *, pack: str = "", fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.pack = pack
