"""The log of operations and what it says of how well changes go (runbook §4.1.6, D15)."""
