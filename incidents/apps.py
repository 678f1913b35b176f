"""Connects the incidents app to the news from below."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"
    verbose_name = "Incidents"

    def ready(self) -> None:
        from backups.services import housekeeping
        from deployments.operations.disturbances import add_source
        from incidents import receivers, selectors, verbs  # noqa: F401
        from incidents.services import digestion, disturbances
        from smsops.ops import registry

        housekeeping.add_needs(selectors.needed_backups)
        housekeeping.add_chore(digestion.tidy)
        add_source(disturbances.since)
        registry.add(*verbs.VERBS)
