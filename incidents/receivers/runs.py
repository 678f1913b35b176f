"""Runs that fail or end badly become incidents."""

from __future__ import annotations

import contextlib
from typing import Any

from django.dispatch import receiver

from incidents import fingerprints
from incidents.models import LIVE, EntryKind, FactKind, Incident, Issue, Severity
from incidents.services import evidence, facts, incidents, lifecycle, log_archive, watching
from incidents.services.incidents import Sign
from smsops import health, signals
from smsops.errors import OpsError
from smsops.models import Run, RunState
from smsops.redact import redact


@receiver(signals.run_undoing, dispatch_uid="incidents.run_undoing")
def on_undoing(run: Run, **_: Any) -> None:
    """A change of SMS failed: open the incident and take the evidence before the undo destroys it."""
    if not run.disturbs or run.cancel_requested:
        return
    seen = health.look(run.environment.base_url, timeout=3)
    severity = Severity.CRITICAL if seen.status in ("down", "unhealthy") else Severity.HIGH
    sign = Sign(_of(run), severity, f"{run.title} failed", run.cause)
    evidence.collect(watching.raise_incident(run.environment, sign, run))
    with contextlib.suppress(OpsError):  # the undo may remove an instance with its log
        log_archive.collect(run.environment, seconds=3)


@receiver(signals.instance_going, dispatch_uid="incidents.instance_going")
def on_instance_going(run: Run, **_: Any) -> None:
    """Its log goes with it: take what is not in the archive yet."""
    with contextlib.suppress(OpsError):
        log_archive.collect(run.environment, seconds=3)


@receiver(signals.run_ended, dispatch_uid="incidents.run_ended")
def on_ended(run: Run, **_: Any) -> None:
    """Write the end onto the incident; a run that could not be undone is always one."""
    if run.state == RunState.NEEDS_HUMAN:
        sign = Sign(_of(run), Severity.CRITICAL, f"{run.title} needs a person", run.headline)
        facts.establish(watching.raise_incident(run.environment, sign, run), FactKind.UNDO_FAILED, run.headline)
        return
    incident = Incident.objects.filter(run=run, fingerprint=_of(run)).first()
    if incident is not None and incident.live:
        lifecycle.mitigate(incident, run.headline, run)
    if run.kind == "watch" and run.state == RunState.SAFE and not run.cancel_requested:
        _tell_worse(run)
    if run.disturbs:
        watching.look_now(run.environment_id)


@receiver(signals.glass_broken, dispatch_uid="incidents.glass_broken")
def on_glass_broken(run: Run, author: str, said: str, **_: Any) -> None:
    """A run without its second person is on the timeline of whatever goes on there, or an incident of its own."""
    fingerprint = fingerprints.GLASS.of(run.pk)
    live = Incident.objects.filter(environment=run.environment, state__in=LIVE)
    for incident in live.exclude(fingerprint=fingerprint):
        if not incident.timeline.filter(run=run, kind=EntryKind.ACTION, text=redact(said)).exists():
            incidents.note(incident, EntryKind.ACTION, said, author=author, run=run)
    if not live.exists():
        title = f"The glass was broken at {run.environment.name}"
        sign = Sign(fingerprint, Severity.MEDIUM, title, said, Issue.UNKNOWN)
        incidents.report(run.environment, sign, run)


def _tell_worse(run: Run) -> None:
    """What breaks while a release is watched is one incident, however many signs there are of it."""
    detail = f"{run.cause} It is gone back by itself where that costs no data; else look at “Roll back…”."
    title = f"{run.params['version']} is worse than the release before"
    grave = Incident.objects.filter(severity__in=(Severity.CRITICAL, Severity.HIGH), detected_at__gte=run.created_at)
    known = grave.filter(environment=run.environment, state__in=LIVE).order_by("detected_at").first()
    if known is not None:
        incidents.note(known, EntryKind.SIGN, f"{title}. {detail}", run=run)
        return
    watching.raise_incident(run.environment, Sign(_of(run), Severity.HIGH, title, detail), run)


def _of(run: Run) -> str:
    """The fingerprint of what a run broke."""
    return fingerprints.RUN.of(run.pk)
