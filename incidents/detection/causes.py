"""One root cause opens one incident (I1): which incident a sign belongs to, and what comes back so soon that it flaps.

That SMS does not serve is a cause; that its page is blank, that it is slow or what it logs are symptoms. A symptom
joins what is known already; where it was seen first, and SMS goes away within minutes, its incident becomes the one
about that.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from incidents.detection import flapping
from incidents.fingerprints import LINE, PAGE, RUN, SERVICE, SLOW
from incidents.models import LIVE, EntryKind, Incident, Issue
from incidents.services import incidents
from incidents.services.incidents import Sign
from smsops.models import Environment, Run
from smsops.redact import redact

AVAILABILITY = Q(fingerprint=SERVICE) | Q(fingerprint__startswith=RUN.prefix)
SYMPTOM = Q(fingerprint__in=[PAGE, SLOW]) | Q(fingerprint__startswith=LINE.prefix)
TOGETHER = timedelta(minutes=5)  # so soon after each other two of them have one cause
ABOUT_SERVICE = (Issue.SERVICE, Issue.UNKNOWN)  # data at risk, or somebody who got in, is an incident of its own


def report(environment: Environment, sign: Sign, run: Run | None = None) -> tuple[Incident, bool]:
    """Let the sign join the incident of its cause, reopen one that flaps, or open one: it, and whether it is new."""
    known = incidents.live(environment, sign.fingerprint) or _of_its_cause(environment, sign)
    if known is None and run is None:
        known = flapping.reopened(environment, sign)
    if known is not None and incidents.join(known, sign, run):
        return known, False
    return incidents.report(environment, sign, run)


def is_symptom(sign: Sign) -> bool:
    """Whether something else may be behind it."""
    symptom = sign.fingerprint in (PAGE, SLOW) or LINE.has(sign.fingerprint)
    return symptom and sign.issue in ABOUT_SERVICE


def _of_its_cause(environment: Environment, sign: Sign) -> Incident | None:
    live = Incident.objects.filter(environment=environment, state__in=LIVE, issue__in=ABOUT_SERVICE, drill=sign.drill)
    lately = Q(detected_at__gt=timezone.now() - TOGETHER)
    if is_symptom(sign):
        return live.filter(AVAILABILITY | (SYMPTOM & lately)).order_by("detected_at").first()
    if sign.fingerprint != SERVICE:
        return None
    change = live.filter(fingerprint__startswith=RUN.prefix).order_by("-detected_at").first()
    return change or _promoted(live.filter(SYMPTOM & lately).order_by("detected_at").first(), sign)


def _promoted(symptom: Incident | None, sign: Sign) -> Incident | None:
    """The incident about a symptom is about its cause from now on, and is over when that is."""
    if symptom is None:
        return None
    mine = Incident.objects.filter(pk=symptom.pk, state__in=LIVE, fingerprint=symptom.fingerprint)
    with contextlib.suppress(IntegrityError), transaction.atomic():
        if mine.update(fingerprint=SERVICE, title=redact(sign.title)[:200], issue=sign.issue):
            incidents.note(symptom, EntryKind.STATE, f"“{symptom.title}” was the beginning: {sign.title}.")
            symptom.fingerprint, symptom.title, symptom.issue = SERVICE, sign.title, sign.issue
            return symptom
    return None
