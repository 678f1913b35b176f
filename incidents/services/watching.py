"""Looks at SMS, notices trouble, opens incidents, and resolves them when it is well again (I1).

A look is cheap (ask the engine) and frequent; /health is asked every `health_seconds`, and at every look while there is
doubt. While a run of ours has SMS stopped or half switched, nothing is judged: that trouble is ours and expected, as
long as such a run takes (detection/overrun.py). What is looked at more slowly, and SMS's log: detection/.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.utils import timezone

from incidents.clock import comeback
from incidents.detection import causes, flapping, liveness, overrun
from incidents.detection.causes import AVAILABILITY
from incidents.detection.overrun import Change
from incidents.models import LIVE, Alert, AlertState, FactKind, Incident, Watch
from incidents.services import facts, key_watch, signs
from incidents.services.incidents import Sign
from smsops import health, wall_clock
from smsops.errors import OpsError
from smsops.models import EdgeKind, Environment, Run
from smsops.redact import redact
from smsops.runtimes.base import Instance, Runtime
from smsops.runtimes.registry import looking_at

GOOD_LOOKS = 2  # in a row, before an incident is called over
LOOK_SECONDS = 20  # the longest a look takes; until then nobody else looks


def due() -> list[int]:
    """Environments whose next look is due, by id; rows for new environments are made on the way."""
    for environment in Environment.objects.filter(watch__isnull=True):
        Watch.objects.get_or_create(environment=environment)
    longest = timedelta(seconds=max(LOOK_SECONDS, settings.SMSOPS_WATCH_SECONDS))
    wall_clock.bring_back(Watch.objects.all(), "next_look_at", longest)
    return list(Watch.objects.filter(next_look_at__lte=timezone.now()).values_list("environment_id", flat=True))


def look(environment_id: int) -> Watch | None:
    """Look at an environment once; None when it is not due, because somebody else has just looked."""
    now = timezone.now()
    later = now + timedelta(seconds=LOOK_SECONDS)
    mine = Watch.objects.filter(environment_id=environment_id, next_look_at__lte=now).update(next_look_at=later)
    watch = Watch.objects.select_related("environment").filter(environment_id=environment_id).first()
    if not mine or watch is None:
        return None
    if changes := overrun.changes(watch.environment):
        for change in changes:
            if change.over(now):
                _judge_change(watch, change, now)
        _forget(watch, now)
        return watch
    try:
        _judge(watch, looking_at(watch.environment), now)
    except (OpsError, SoftTimeLimitExceeded) as error:
        # The engine is away, or hangs; that says nothing about SMS, whose own answers do.
        _react(watch, signs.of_health(_ask(watch, now), watch.bad_looks))
        said = error.message if isinstance(error, OpsError) else "The look took too long."
        watch.detail = redact(f"{said} {watch.detail}")[:300]
    _end(watch, now)
    return watch


def _end(watch: Watch, now: datetime) -> None:
    watch.looked_at = now
    watch.next_look_at = now + timedelta(seconds=settings.SMSOPS_WATCH_SECONDS)
    watch.save()


def look_now(environment_id: int) -> Watch | None:
    """Look at once, whatever the cadence says."""
    Watch.objects.filter(environment_id=environment_id).update(next_look_at=timezone.now())
    return look(environment_id)


def _judge_change(watch: Watch, change: Change, now: datetime) -> None:
    """It takes longer than its kind: that is trouble, and worse where SMS is away."""
    raise_incident(watch.environment, overrun.of_change(change, _ask(watch, now)), change.run)


def _forget(watch: Watch, now: datetime) -> None:
    """Start afresh after a change of ours: its restarts and events are no news."""
    watch.events_until, watch.bad_looks, watch.good_looks, watch.asked_at = now, 0, 0, None
    watch.instance_id, watch.restarts, watch.well_since = "", 0, None
    _end(watch, now)


def _judge(watch: Watch, runtime: Runtime, now: datetime) -> None:
    name = watch.environment.instance
    found = runtime.inspect(name)
    if found is None and not watch.instance_id:
        _set(watch, "absent", False, "SMS has not been installed here yet.", now)
        return
    sign, asked = _of_instance(watch, runtime, found, now), watch.asked_at
    if sign is not None or watch.bad_looks or _due(watch, now) or _has_live(watch.environment):
        seen = _ask(watch, now)
        sign = sign or _of_answers(watch, runtime, seen)
        key_watch.look(watch.environment, runtime, asked)
    _react(watch, sign)


def _of_answers(watch: Watch, runtime: Runtime, seen: health.Health) -> Sign | None:
    """What SMS's answers say; behind an edge, also whether it is the edge that keeps them back."""
    sign, environment = signs.of_health(seen, watch.bad_looks), watch.environment
    if sign is None or environment.edge == EdgeKind.NONE or runtime.inspect(environment.instance) is None:
        return sign
    own = health.look(runtime.address(environment.instance), timeout=3)
    return signs.of_edge(environment.base_url, seen) if own.good else sign


def _react(watch: Watch, sign: Sign | None) -> None:
    """Open or join an incident where there is a sign of trouble; end it where SMS has been well for a while."""
    if sign is not None:
        raise_incident(watch.environment, sign)
        watch.good_looks, watch.well_since = 0, None
    elif watch.good_looks >= GOOD_LOOKS:
        if watch.well_since is None or wall_clock.ahead(watch.well_since):
            watch.well_since = timezone.now()
        _resolve(watch)


def _of_instance(watch: Watch, runtime: Runtime, found: Instance | None, now: datetime) -> Sign | None:
    heard = (watch.events_until, overrun.last_end(watch.environment))
    since = max((at for at in heard if at is not None and not wall_clock.ahead(at, now)), default=now)
    known = watch.restarts
    if found is not None and found.id != watch.instance_id:
        # Another instance than the one we know: what happened before we knew it is no news.
        watch.instance_id, known, since = found.id, found.restarts, now
    events = runtime.events(watch.environment.instance, since, now) if since < now else []
    watch.events_until = now
    if found is not None:
        watch.restarts, watch.release = found.restarts, found.version[:60]
    return signs.of_instance(found, known, events, now)


def _due(watch: Watch, now: datetime) -> bool:
    period = timedelta(seconds=watch.environment.health_seconds)
    return not wall_clock.lately(watch.asked_at, period, now)


def _has_live(environment: Environment) -> bool:
    return Incident.objects.filter(environment=environment, state__in=LIVE).filter(AVAILABILITY).exists()


def _ask(watch: Watch, now: datetime) -> health.Health:
    address = watch.environment.base_url
    seen = liveness.beyond(address, health.look(address, timeout=3))
    watch.asked_at = now
    watch.response_ms = round(seen.seconds * 1000)
    watch.bad_looks = 0 if seen.good else watch.bad_looks + 1
    watch.good_looks = watch.good_looks + 1 if seen.good else 0
    watch.well_since = watch.well_since if seen.good else None
    _set(watch, seen.status, seen.ready, seen.detail, now)
    return seen


def _set(watch: Watch, status: str, ready: bool, detail: str, now: datetime) -> None:
    if (watch.status, watch.ready) != (status, ready):
        watch.since = now
    watch.status, watch.ready, watch.detail = status, ready, redact(detail)[:300]


def raise_incident(environment: Environment, sign: Sign, run: Run | None = None) -> Incident:
    """Open an incident or join the live one. Its evidence is taken by others (receivers/first_look.py)."""
    return causes.report(environment, sign, run)[0]


def _resolve(watch: Watch) -> None:
    """SMS was well at several looks: what was about its availability is over, unless a run still needs a person, or
    somebody else still says that it is not."""
    live = Incident.objects.filter(environment=watch.environment, state__in=LIVE).filter(AVAILABILITY)
    live = live.exclude(pk__in=Alert.objects.filter(state=AlertState.FIRING, incident__in=live).values("incident"))
    for incident in live.exclude(run__state="needs_human").select_related("run"):
        if came := comeback.by_itself(incident):
            facts.establish(incident, FactKind.SERVES_AGAIN, came)
        said = f"SMS is well again: {watch.detail}"
        flapping.end(incident, "SMS is healthy and ready again.", watch.well_since, said)
