"""smsops' own database, backed up by smsops itself: no environment of its own, but a vault like theirs."""
