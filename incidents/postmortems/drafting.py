"""A post-mortem comes about with the end of its incident, and what was measured is kept fresh until it is approved."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from incidents.actions import proposals
from incidents.models import (
    MEASURING,
    Incident,
    PostMortem,
    PostMortemState,
    PostMortemVersion,
    ReviewRule,
    Severity,
)
from incidents.models.review import DEFAULTS
from incidents.postmortems import measured, severity
from smsops.errors import WrongUse

log = logging.getLogger(__name__)

FRESH = timedelta(minutes=10)  # what was measured is looked at again so often, whether there was news or not,
YOUNG = timedelta(days=7)  # for so long; after that only where there is news


def rule(level: str) -> ReviewRule:
    """What has to follow an incident of that severity, by its row, or as it was at the beginning."""
    by_itself, hours, days = DEFAULTS[Severity(level)]
    ours = ReviewRule(severity=level, by_itself=by_itself, hours=hours, action_days=days)
    return ReviewRule.objects.filter(severity=level).first() or ours


def over(incident: Incident) -> PostMortem | None:
    """It is resolved: it gets one where its worst severity asks for one, and one that is there learns of it. Writes the
    row alone; what was measured follows (`measure_all`). Called within the transaction that resolves it."""
    has = news(incident)
    if has or not rule(severity.worst(incident)).by_itself:
        return PostMortem.objects.filter(incident=incident).first()
    return begin(incident)


def begin(incident: Incident) -> PostMortem:
    """The row of its post-mortem; the one that is there, where one is. WrongUse before the incident is over."""
    if incident.resolved_at is None:
        raise WrongUse("It is not over yet; the post-mortem is drafted when it is resolved.")
    hours = rule(severity.worst(incident)).span
    owner = incident.commander or incident.acknowledged_by
    defaults = {"owner": owner, "due_at": incident.resolved_at + hours}
    return PostMortem.objects.get_or_create(incident=incident, defaults=defaults)[0]


def news(incident: Incident) -> bool:
    """There may be something new to measure; return whether it has a post-mortem at all."""
    return bool(PostMortem.objects.filter(incident=incident).update(news=F("news") + 1))


@transaction.atomic
def reopened(incident: Incident) -> None:
    """It was not over after all: what was approved is kept as a version, and the post-mortem is a draft again."""
    done = (PostMortemState.APPROVED, PostMortemState.PUBLISHED)
    found = PostMortem.objects.select_for_update().filter(incident=incident, state__in=done).first()
    if found is not None:
        PostMortem.objects.filter(pk=found.pk).update(state=PostMortemState.DRAFT, approved_by=None, approved_at=None)
        PostMortemVersion.objects.create(
            postmortem=found, number=found.version, texts=found.texts, note="The incident was opened again.",
            measured=found.measured,
        )  # fmt: skip
    news(incident)


def measure_all() -> int:
    """Measure where there is news, and what was measured a while ago; return how many. One that cannot be measured now
    leaves the others alone, and is tried again."""
    unread = PostMortem.objects.filter(state__in=MEASURING).exclude(news=F("news_read"))
    now = timezone.now()
    old = PostMortem.objects.filter(state__in=MEASURING, measured_at__lt=now - FRESH, created_at__gt=now - YOUNG)
    numbers = [*unread.values_list("pk", flat=True), *old.values_list("pk", flat=True)]
    return sum(_measure_apart(number) for number in dict.fromkeys(numbers))


def _measure_apart(number: int) -> bool:
    try:
        return measure(number)
    except Exception:
        log.exception("the post-mortem %s could not be measured", number)
        return False


def measure(number: int) -> bool:
    """Measure one anew and write it down, unless it was approved meanwhile; return whether it was."""
    related = ("incident__environment", "incident__run", "incident__change", "incident__acknowledged_by",
               "incident__commander")  # fmt: skip
    postmortem = PostMortem.objects.select_related(*related).get(pk=number)
    found = measured.of(postmortem.incident, postmortem.measured)
    mine = PostMortem.objects.filter(pk=number, state__in=MEASURING)
    written = mine.update(measured=found, measured_at=timezone.now(), news_read=postmortem.news)
    if written and not postmortem.incident.drill:
        proposals.propose(postmortem.incident, found)
    return bool(written)
