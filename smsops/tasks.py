"""The kernel's doorbells."""

from celery import shared_task

from smsops.models import Run
from smsops.runs import executor, reaper
from smsops.runs.bell import ring


@shared_task(name="smsops.tick")
def tick(run_id: int) -> None:
    """Work on one run for a slice, then ring again if it goes on."""
    wait = executor.drive(run_id)
    if wait is not None:
        ring(Run.objects.select_related("environment").get(pk=run_id), after=wait)


@shared_task(name="smsops.sweep")
def sweep() -> int:
    """Ring for every run nobody works on."""
    return reaper.sweep()
