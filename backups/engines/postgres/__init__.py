"""PostgreSQL by the server's own programs: dumps, restores into a new database, base backups, its log (B2, B9)."""
