"""The recovery clock on an incident's page: what is left, which way to take, and a button for each; it stays fresh."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse

from incidents.clock import reading, words
from incidents.clock.reading import Clock, State
from incidents.clock.ways import Way
from incidents.models import Incident
from smsops.admin.parts import PagePart
from smsops.admin.run import ENDED
from smsops.runs.plan import busy

TEMPLATE = "admin/incidents/incident/_clock.html"
LITTLE = 1 / 3  # of the RTO


def context(incident: Incident, request: HttpRequest, live: bool = False) -> dict[str, Any]:
    """What the page says; `live`: without what changes every second, which the script puts in."""
    clock = reading.of(incident)
    if not reading.concerns(clock):
        return {}
    lines = [_line(clock, way, request) for way in clock.ways]
    chosen = [each for each in lines if each["chosen"]] if clock.state == State.RUNNING else []
    return {
        "clock": clock, "live": live, "tone": _tone(clock), "words": _words(clock, live),
        "address": reverse("admin:incidents_incident_clock", args=[incident.pk]),
        "left": words.left(clock.left), "rto": incident.environment.rto_minutes * 60,
        "chosen": chosen, "others": [each for each in lines if each["way"].open and each not in chosen],
        "shut": [each for each in lines if each["way"].found and not each["way"].open],
        "done": [each for each in clock.taken if each.run.finished], **_steps(clock),
    }  # fmt: skip


def _steps(clock: Clock) -> dict[str, Any]:
    """How far that is which is under way."""
    if clock.under_way is None or clock.state != State.UNDER_WAY:
        return {}
    steps = list(clock.under_way.run.steps.all())
    left = [step for step in steps if step.state not in ENDED]
    return {"steps": len(steps), "ended": len(steps) - len(left), "step": left[0] if left else None}


def _words(clock: Clock, live: bool) -> dict[str, Any]:
    doing = clock.under_way
    return {
        "head": "" if live else words.head(clock), "since": words.since(clock), "until": words.at(clock.deadline),
        "too_late": words.too_late(clock) if clock.state == State.RUNNING else [], "progress": words.progress(clock),
        "comeback": words.comeback(clock), "undone": words.undone(clock), "over": words.over(clock),
        "seen": words.seen(clock) if clock.incident.live else "",
        "busy": busy(doing.run) if doing is not None and clock.state != State.UNDER_WAY else "",
        "unwatched": "" if clock.watched or clock.state != State.RUNNING else words.UNWATCHED,
    }  # fmt: skip


def _tone(clock: Clock) -> str:
    if clock.state in (State.SERVES, State.OVER):
        return "good"
    if clock.left < 0 or words.too_late(clock):
        return "bad"
    return "warn" if clock.left < clock.incident.environment.rto_minutes * 60 * LITTLE else "busy"


def _line(clock: Clock, way: Way, request: HttpRequest) -> dict[str, Any]:
    response = way.kind.response
    may = request.user.has_perm(response.permission)
    return {
        "way": way, "chosen": way is clock.choice.way, "fit": words.fit(way), "price": words.price(way),
        "record": words.record(way), "problem": words.problem(way),
        "word": words.verdict(way),
        "tone": ("warn" if way.doubt else "pass") if way.fits else "fail" if way.open else "quiet",
        "url": response.url(clock.incident, way.found) if may and way.open is not False else "",
        "command": response.typed(clock.incident, way.found),
    }  # fmt: skip


def live(incident: Incident, request: HttpRequest) -> JsonResponse:
    """The part anew, for the script that keeps it fresh."""
    found = context(incident, request, live=True)
    html = render_to_string(TEMPLATE, {"part": found}, request) if found else ""
    return JsonResponse({"html": html, "finished": not incident.live})


PART = PagePart(TEMPLATE, context, above=True)
