"""Backups: taken, proven, kept, restored (runbook §4.2B, 6)."""
