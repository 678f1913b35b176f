"""The deployments room."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    name = "deployments"
    verbose_name = "Deployments"

    def ready(self) -> None:
        from deployments import receivers  # noqa: F401
        from deployments.registration import register

        register()
