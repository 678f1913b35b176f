"""News of the backups, declared here and received above. The same news may come again and again."""

from django.dispatch import Signal

offsite_looked = Signal()  # vault, lag (timedelta), problem: how far an off-site vault is behind
