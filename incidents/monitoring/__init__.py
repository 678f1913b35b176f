"""What Prometheus may ask smsops, and what smsops gives Prometheus, Alertmanager and Grafana (runbook §7, I15)."""
