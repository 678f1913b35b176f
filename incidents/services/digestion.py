"""Reads what was stored, in the order it came, by one worker at a time per source; each delivery exactly once (I2)."""

from __future__ import annotations

import logging
import zlib
from datetime import timedelta

from django.db import Error, transaction
from django.utils import timezone

from incidents.intake.news import Unreadable
from incidents.models import Alert, AlertSource, AlertState, Delivery, DeliveryState
from incidents.services import alert_incidents, episodes, reception
from smsops.runs import leases
from smsops.runs.leases import Held

log = logging.getLogger(__name__)

AT_ONCE = 200  # deliveries that are fetched at a time
KEPT = timedelta(days=30)  # bodies that were read


def waiting() -> list[int]:
    """Sources with something to read, by id."""
    found = Delivery.objects.filter(state=DeliveryState.NEW).order_by("source_id")
    return list(found.values_list("source_id", flat=True).distinct())


def digest(source_id: int) -> int:
    """Read everything that waits there; return how many deliveries that were. None of it when somebody else does."""
    source = AlertSource.objects.select_related("environment").filter(pk=source_id).first()
    held = leases.claim(f"alerts:{source_id}") if source is not None else None
    if source is None or held is None:
        return 0
    done = 0
    with leases.keeping(held):
        while batch := list(Delivery.objects.filter(source=source, state=DeliveryState.NEW)[:AT_ONCE]):
            for delivery in batch:
                _read(source, delivery, held)
            done += len(batch)
    return done


def _read(source: AlertSource, delivery: Delivery, held: Held) -> None:
    try:
        with transaction.atomic():
            held.check()
            _apply(source, delivery)
            _mark(delivery, DeliveryState.DONE)
    except Error:
        raise  # the database is away: nothing of it happened, and it is read later
    except (Unreadable, zlib.error, ValueError) as error:
        log.warning("a delivery of %s cannot be read: %s", source, error)
        _mark(delivery, DeliveryState.FAILED, str(error))


def _mark(delivery: Delivery, state: str, problem: str = "") -> None:
    Delivery.objects.filter(pk=delivery.pk).update(state=state, problem=problem[:500])


def _apply(source: AlertSource, delivery: Delivery) -> None:
    payload = reception.payload(source, zlib.decompress(bytes(delivery.body)))
    changes = episodes.apply(source, payload, delivery.received_at)
    alert_incidents.fire(source.environment, changes.begun)
    alert_incidents.go_on(source.environment, changes.going_on)
    alert_incidents.end(changes.over)
    heard = {"last_heard_at": delivery.received_at}
    if changes.over and not source.resolves_seen:
        source.resolves_seen = heard["resolves_seen"] = True  # type: ignore[assignment]
    AlertSource.objects.filter(pk=source.pk).update(**heard)


def look() -> None:
    """What time does to alerts: those nobody tells of become stale, and excuses end."""
    for source in AlertSource.objects.filter(enabled=True).select_related("environment"):
        old = Alert.objects.filter(
            source=source, state=AlertState.FIRING, last_at__lt=timezone.now() - source.stale_after
        )
        with transaction.atomic():
            lost = list(old.select_for_update())
            Alert.objects.filter(pk__in=[alert.pk for alert in lost]).update(state=AlertState.STALE)
            alert_incidents.stale(lost)
            excused = Alert.objects.filter(source=source, state=AlertState.FIRING).exclude(quiet="")
            alert_incidents.fire(source.environment, list(excused.select_related("source")))


def tidy() -> int:
    """Remove bodies that were read long ago; what they told is in alerts and incidents."""
    old = Delivery.objects.filter(received_at__lt=timezone.now() - KEPT).exclude(state=DeliveryState.NEW)
    return old.delete()[0]
