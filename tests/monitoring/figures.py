"""What /metrics says, as numbers by name and labels."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from incidents.monitoring import exposition

CLOCK = ("smsops_scrape_seconds",)  # says something else every time


def figures() -> dict[str, float]:
    """Each figure by how it is written, less its prefix: `rpo_breached{environment="school"}`, labels in order."""
    text = exposition.exposed().decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {_written(each.name, each.labels): each.value for each in samples if each.name not in CLOCK}


def exported() -> set[str]:
    """The names of all figures there are, whether or not there is a value now."""
    return {family.name for family in text_string_to_metric_families(exposition.exposed().decode())}


def _written(name: str, labels: dict[str, str]) -> str:
    inner = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    return name.removeprefix("smsops_") + (f"{{{inner}}}" if inner else "")
