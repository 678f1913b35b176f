"""Objectives: RTO, RPO, MTTR, MTBF of every environment, measured and never typed (runbook §6.1; I13)."""
