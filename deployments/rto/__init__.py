"""The recovery time objective (runbook §4.4, 6.2): how long each way takes here, and whether that keeps it."""
