"""The verbs of `manage.py ops` that the backups app brings."""

from backups.verbs import backups, vault

VERBS = (*backups.VERBS, *vault.VERBS)
