"""The kernel's doorbells."""

import logging

from celery import shared_task
from django.utils import timezone

from smsops import outside, tidying
from smsops.api import idempotency
from smsops.audit import checking
from smsops.errors import DatabaseAway, OpsError
from smsops.models import ApiRequest, EdgeKind, Environment, Run
from smsops.runs import absence, executor, reaper
from smsops.runs.bell import ring
from smsops.switch import tending
from smsops.webhooks import outbox, sending

log = logging.getLogger(__name__)


@shared_task(name="smsops.tick")
def tick(run_id: int) -> None:
    """Work on one run for a slice, then ring again if it goes on."""
    wait = executor.drive(run_id)
    if wait is None:
        return
    try:
        with absence.noticed():
            ring(Run.objects.select_related("environment").get(pk=run_id), after=wait)
    except DatabaseAway as error:
        log.warning("run %s: the database is away (%s); the sweep will ring again", run_id, error)


@shared_task(name="smsops.sweep")
def sweep() -> int:
    """Ring for every run nobody works on."""
    return reaper.sweep()


@shared_task(name="smsops.check_audit")
def check_audit() -> None:
    """Verify the whole audit trail."""
    checking.check()


@shared_task(name="smsops.ping_outside", soft_time_limit=30, time_limit=45)
def ping_outside() -> None:
    """Tell whoever waits for it outside that smsops lives."""
    outside.ping()


@shared_task(name="smsops.tend_edges")
def tend_edges() -> None:
    """Ring for every environment with an edge, at the workers beside its engine."""
    for environment_id, queue in Environment.objects.exclude(edge=EdgeKind.NONE).values_list("pk", "queue"):
        tend_edge.apply_async((environment_id,), queue=queue, expires=14)


@shared_task(name="smsops.tend_edge", soft_time_limit=30, time_limit=45)
def tend_edge(environment_id: int) -> None:
    """Look after one environment's edge."""
    environment = Environment.objects.filter(pk=environment_id).first()
    try:
        if environment is not None:
            tending.tend(environment)
    except OpsError as error:
        log.warning("the edge of %s cannot be looked after: %s", environment, error)


@shared_task(name="smsops.send_webhooks", soft_time_limit=60, time_limit=90)
def send_webhooks() -> None:
    """Tell webhooks what they wait for (every two seconds)."""
    sending.send_due()


@shared_task(name="smsops.tidy_webhooks")
def tidy_webhooks() -> None:
    """Forget what webhooks were told long ago, and answers that nobody asks for again (once a day)."""
    outbox.tidy()
    ApiRequest.objects.filter(claimed_at__lt=timezone.now() - idempotency.KEPT).delete()


@shared_task(name="smsops.tidy_people")
def tidy_people() -> None:
    """Let go of old sessions, sign-ins and histories (once a day)."""
    tidying.tidy()
