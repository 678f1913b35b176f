"""Connects the incidents app to the news from below."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"
    verbose_name = "Incidents"

    def ready(self) -> None:
        from incidents import receivers, verbs  # noqa: F401
        from smsops.ops import registry

        registry.add(*verbs.VERBS)
