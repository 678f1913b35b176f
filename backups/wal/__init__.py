"""Point in time for SQLite: every commit's pages, taken from the write-ahead log and kept beside the backups (B9)."""
