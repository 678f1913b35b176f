"""Post-mortems: drafted from the record, completed by people, reviewed, published (runbook §5.2; I11)."""
