"""The runbook as a living page: its sections, and what each room knows of them."""
