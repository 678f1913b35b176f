"""Connects the incidents app to the news from below."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"
    verbose_name = "Incidents"

    def ready(self) -> None:
        from incidents import receivers  # noqa: F401
        from incidents.actions import proofs  # noqa: F401
        from incidents.registration import register

        register()
