"""Ways back to an earlier release: code alone, code and schema, or a whole restore (runbook §4)."""
