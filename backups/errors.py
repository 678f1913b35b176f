"""Errors of the backups app."""

from smsops.errors import OpsError


class BackupDamaged(OpsError):
    """A stored backup is missing, or is not what was stored; an older one must be used."""
