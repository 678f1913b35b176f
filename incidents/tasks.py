"""Doorbells of the incidents app."""

from celery import shared_task

from incidents.services import watching
from smsops.models import Environment


@shared_task(name="incidents.watch")
def watch() -> None:
    """Ring for every environment whose next look is due, at the workers beside its engine."""
    due = Environment.objects.filter(pk__in=watching.due()).values_list("pk", "queue")
    for environment_id, queue in due:
        look.apply_async((environment_id,), queue=queue, expires=30)


@shared_task(name="incidents.look", soft_time_limit=30, time_limit=45)
def look(environment_id: int) -> None:
    """Look at one environment."""
    watching.look(environment_id)
