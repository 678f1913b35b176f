"""Incidents: noticed, opened once, evidenced, followed to their end (runbook §5)."""
