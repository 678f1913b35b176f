"""The verbs of `manage.py ops` that the backups app brings."""

from backups.verbs import adoption, backups, moments, offsite, own, rows, schedule, vault

VERBS = (
    *backups.VERBS, *adoption.VERBS, *rows.VERBS, *vault.VERBS, *offsite.VERBS, *schedule.VERBS, *moments.VERBS,
    *own.VERBS,
)  # fmt: skip
