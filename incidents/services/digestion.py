"""Reads what was stored, in the order it came, by one worker at a time per source; each delivery exactly once (I2).

Many that wait are read in one transaction, in which they are marked as read: killed at any point, all of it happened or
nothing. A storm so is one line on a timeline, not ten thousand.
"""

from __future__ import annotations

import logging
import time
import zlib
from datetime import timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from incidents.intake.news import Unreadable
from incidents.models import LIVE, Alert, AlertSource, AlertState, Delivery, DeliveryState, Incident
from incidents.services import alert_incidents, episodes, reception, unread
from incidents.services.episodes import Telling
from smsops.errors import LeaseLost
from smsops.models import Environment
from smsops.runs import leases
from smsops.runs.leases import Held

log = logging.getLogger(__name__)

AT_ONCE, BYTES = 200, 4 * 1000**2  # deliveries that are read in one transaction, and how large they are together
KEPT = timedelta(days=30)  # bodies that were read
KEPT_UNREAD = timedelta(days=365)  # bodies that could not be


def waiting() -> list[int]:
    """Sources with something to read, by id."""
    found = Delivery.objects.filter(state=DeliveryState.NEW).order_by("source_id")
    return list(found.values_list("source_id", flat=True).distinct())


def digest_all() -> int:
    """Read everything that waits; return how many deliveries that were. One source holds up no other."""
    done = 0
    for source_id in waiting():
        try:
            done += digest(source_id)
        except (OperationalError, InterfaceError, LeaseLost):
            log.warning("alerts of source %s are read later", source_id, exc_info=True)
    return done


def digest(source_id: int) -> int:
    """Read what waits there, for one slice of time; return how many deliveries that were. None of it when somebody
    else does."""
    held = leases.claim(f"alerts:{source_id}")
    if held is None:
        return 0
    done, until = 0, time.monotonic() + settings.SMSOPS_SLICE_SECONDS
    with leases.keeping(held):
        while time.monotonic() < until and (batch := _batch(source_id)):
            _read(source_id, batch, held)
            done += len(batch)
    return done


def _batch(source_id: int) -> list[int]:
    new = Delivery.objects.filter(source_id=source_id, state=DeliveryState.NEW).order_by("pk")
    chosen: list[int] = []
    size = 0
    for number, bytes_ in new.values_list("pk", "size")[:AT_ONCE]:
        size += bytes_
        if chosen and size > BYTES:
            break
        chosen.append(number)
    return chosen


def _read(source_id: int, batch: list[int], held: Held) -> None:
    """Read these together; where that is impossible, each alone, so that one that nobody can read spoils no other."""
    try:
        _apply(source_id, batch, held)
    except (OperationalError, InterfaceError, LeaseLost):
        raise  # nothing of it happened, and it is read later
    except Exception as error:
        if len(batch) > 1:
            for number in batch:
                _read(source_id, [number], held)
            return
        log.exception("a delivery of source %s cannot be read", source_id)
        unread.give_up({batch[0]: f"{type(error).__name__}: {error}"})


@transaction.atomic
def _apply(source_id: int, batch: list[int], held: Held) -> None:
    held.check()
    source = _locked(source_id)
    new = list(Delivery.objects.filter(pk__in=batch, state=DeliveryState.NEW).order_by("pk"))
    told, bad = [], {}
    for delivery in new:
        try:
            payload = reception.payload(source, zlib.decompress(bytes(delivery.body)))
            told.append(Telling(payload, delivery.received_at))
        except (Unreadable, zlib.error) as error:
            bad[delivery.pk] = str(error)
    if told:
        _follow(source, told)
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in new]).update(state=DeliveryState.DONE)
    if bad:
        unread.give_up(bad)


def _locked(source_id: int) -> AlertSource:
    """The source as it is now; nobody else changes its alerts meanwhile, and everybody may store deliveries."""
    locked = AlertSource.objects.select_for_update(of=("self",), no_key=True)
    return locked.select_related("environment").get(pk=source_id)


def _follow(source: AlertSource, told: list[Telling]) -> None:
    changes = episodes.apply(source, told)
    alert_incidents.follow(source.environment, changes)
    heard = AlertSource.objects.filter(pk=source.pk)
    if changes.resolves and not source.resolves_seen:
        heard.update(last_heard_at=told[-1].at, resolves_seen=True)
    else:
        heard.update(last_heard_at=told[-1].at)


def tidy(environment: Environment) -> int:
    """Remove bodies that were read long ago, whose alerts and incidents stay; and alerts that have been over for
    longer still. None of an incident that is not over, and none that may fire."""
    now, all_ = timezone.now(), Delivery.objects.filter(source__environment=environment)
    read = all_.filter(state=DeliveryState.DONE, received_at__lt=now - KEPT)
    failed = all_.filter(state=DeliveryState.FAILED, received_at__lt=now - KEPT_UNREAD)
    long_ago = now - timedelta(days=settings.SMSOPS_ALERT_DAYS)
    over = Alert.objects.filter(source__environment=environment, state=AlertState.RESOLVED, resolved_at__lt=long_ago)
    alone = over.exclude(incident__in=Incident.objects.filter(state__in=LIVE))
    return read.delete()[0] + failed.delete()[0] + alone.delete()[0]
