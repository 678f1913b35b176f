"""What time does to alerts: those nobody tells of become stale, and what excuses them begins and ends (I2)."""

from __future__ import annotations

import logging

from django.db import OperationalError, transaction
from django.utils import timezone

from incidents.models import Alert, AlertSource, AlertState, Delivery, DeliveryState
from incidents.services import alert_ends, alert_incidents, alert_signs
from incidents.services.episodes import in_parts

log = logging.getLogger(__name__)

LOST = "Not heard of any more, and nobody said that it is over; look whether it still is"


def look() -> None:
    """Look at the alerts of every source that has some which fire, whether or not it may still send."""
    firing = Alert.objects.filter(state=AlertState.FIRING).order_by("source_id")
    for number in list(firing.values_list("source_id", flat=True).distinct()):
        try:
            _look(number)
        except OperationalError:
            log.warning("alerts of source %s are looked at later", number, exc_info=True)
    alert_ends.end_steady()


@transaction.atomic
def _look(number: int) -> None:
    """The row is locked: nobody reads deliveries of this source meanwhile."""
    locked = AlertSource.objects.select_for_update(of=("self",), no_key=True)
    source = locked.select_related("environment").get(pk=number)
    firing = Alert.objects.filter(source=source, state=AlertState.FIRING).select_related("source")
    # While something waits to be read, nobody knows what was told lately.
    if not Delivery.objects.filter(source=source, state=DeliveryState.NEW).exists():
        lost = list(firing.filter(last_at__lt=timezone.now() - source.stale_after))
        for some in in_parts([alert.pk for alert in lost]):
            Alert.objects.filter(pk__in=some).update(state=AlertState.STALE)
        alert_signs.tell(lost, LOST)
    alert_incidents.review(source.environment, firing)


@transaction.atomic
def settle(alert: Alert) -> bool:
    """A person looked, and a stale alert is over; False when it is not stale any more."""
    AlertSource.objects.select_for_update(no_key=True).get(pk=alert.source_id)
    stale = Alert.objects.filter(pk=alert.pk, state=AlertState.STALE)
    if not stale.update(state=AlertState.RESOLVED, resolved_at=timezone.now()):
        return False
    alert_ends.end([alert], set())
    return True
