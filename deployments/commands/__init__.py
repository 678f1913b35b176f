"""Verbs of `manage.py ops` that tell of the operations: times, log, figures, tasks, audits."""
