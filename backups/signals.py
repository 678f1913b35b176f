"""News of the backups, declared here and received above. The same news may come again and again."""

from django.dispatch import Signal

offsite_looked = Signal()  # vault, lag (timedelta), problem: how far an off-site vault is behind
log_looked = Signal()  # following (LogFollowing), problem: empty while its log is followed as it should be
log_measured = Signal()  # following (LogFollowing), size (bytes): how much of SMS's log is in use
offsite_log_looked = Signal()  # vault, problem: empty while its copy of the log is as it should be
