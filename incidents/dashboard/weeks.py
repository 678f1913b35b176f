"""How the last weeks went at all environments together: repairs, failures, deploys, week by week, in one question (U3).

Averages here are over all incidents alike; what each environment keeps of its own targets is on its own pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, TruncWeek
from django.utils import timezone

from deployments.operations.changes import CAME
from incidents.dashboard.plots import Point, bars
from incidents.models import Incident, Issue
from incidents.objectives.bands import GREEN, RED, ROOM, YELLOW
from incidents.objectives.charts import Chart, short
from incidents.objectives.record import BAD
from incidents.objectives.spans import Span
from incidents.objectives.trends import WEEK, buckets
from incidents.privacy import seen_by
from smsops import zones
from smsops.models import GOOD, Run
from smsops.text import count_text, seconds_text

WEEKS = 12
DEPLOYS = ("deploy", "rollback", "restore")


@dataclass
class Week:
    """Seconds and counts of one week, by when an incident was noticed and when a run was asked for."""

    incidents: int = 0
    repaired: int = 0
    repair: float = 0.0
    failures: int = 0
    served: int = 0
    away: float = 0.0
    deploys: int = 0
    went_wrong: int = 0

    @property
    def mttr(self) -> float | None:
        return self.repair / self.repaired if self.repaired else None


@dataclass(frozen=True)
class Weeks:
    """The weeks, oldest first, with their Mondays."""

    weeks: Sequence[tuple[date, Week]]
    environments: int

    @property
    def whole(self) -> Week:
        total = Week()
        for _, each in self.weeks:
            for name, value in vars(each).items():
                setattr(total, name, getattr(total, name) + value)
        return total


def read(user: Any, environments: Sequence[tuple[int, datetime]]) -> Weeks:
    """The weeks of these environments (ids, and since when they are known), as this person may see them."""
    now = timezone.now()
    spans = buckets(Span(now - timedelta(weeks=WEEKS - 1), now), WEEK)
    since, places = spans[0].begin, [place for place, _ in environments]
    asked = []
    if user.has_perm("incidents.view_incident"):
        asked.append(_incidents(user, since))
    if user.has_perm("smsops.view_run"):
        asked.append(_deploys(places, since))
    found: dict[date, Week] = defaultdict(Week)
    for row in asked[0].union(*asked[1:], all=True) if asked else ():
        _add(found[zones.in_house(row[1]).date()], row)
    mondays = [zones.in_house(span.begin).date() for span in spans]
    return Weeks([(monday, found[monday]) for monday in mondays], len(places))


def _add(week: Week, row: tuple[Any, ...]) -> None:
    what, _, count, good, took, bad, served, away = row
    if what == "deploys":
        week.deploys, week.went_wrong = week.deploys + good, week.went_wrong + bad
        return
    week.incidents, week.repaired, week.failures, week.served = count, good, bad, served
    week.repair, week.away = took.total_seconds(), away.total_seconds()


def _span(end: str, begin: str) -> Any:
    return ExpressionWrapper(F(end) - F(begin), DurationField())


def _nothing() -> Value:
    return Value(timedelta(), DurationField())


def _incidents(user: Any, since: datetime) -> QuerySet[Any, Any]:
    failure = Q(issue=Issue.SERVICE, severity__in=BAD)
    served = Coalesce("mitigated_at", "resolved_at")
    away = ExpressionWrapper(served - F("detected_at"), DurationField())
    found = Incident.objects.filter(seen_by(user), detected_at__gte=since, drill=False).order_by()
    weekly = found.annotate(week=TruncWeek("detected_at", tzinfo=zones.house())).values("week")
    return weekly.annotate(
        what=Value("incidents"), count=Count("pk"), good=Count("resolved_at"),
        took=Coalesce(Sum(_span("resolved_at", "detected_at")), _nothing()), bad=Count("pk", failure),
        served=Count(served, failure), away=Coalesce(Sum(away, filter=failure), _nothing()),
    ).values_list("what", "week", "count", "good", "took", "bad", "served", "away")  # fmt: skip


def _deploys(places: Sequence[int], since: datetime) -> QuerySet[Any, Any]:
    """Found by the index of runs, kind by kind, at each environment."""
    found = Run.objects.filter(environment__in=places, kind__in=DEPLOYS, created_at__gte=since)
    found = found.filter(state__in=CAME).order_by()
    weekly = found.annotate(week=TruncWeek("created_at", tzinfo=zones.house())).values("week")
    deploy = Q(kind="deploy")
    return weekly.annotate(
        what=Value("deploys"), count=Count("pk"), good=Count("pk", deploy & Q(state__in=GOOD)), took=_nothing(),
        bad=Count("pk", ~deploy | ~Q(state__in=GOOD)), served=Value(0), away=_nothing(),
    ).values_list("what", "week", "count", "good", "took", "bad", "served", "away")  # fmt: skip


def charts(found: Weeks) -> list[Chart]:
    """Mean time to repair, incidents and deploys, a bar each week."""
    target = settings.SMSOPS_MTTR_MINUTES * 60.0
    weeks = [(f"{monday:%d %b}", week) for monday, week in found.weeks]
    repairs = [Point(label, week.mttr, short(week.mttr) if week.mttr is not None else "—", _band(week.mttr, target))
               for label, week in weeks]  # fmt: skip
    incidents = [Point(label, float(week.incidents), f"{week.incidents}") for label, week in weeks]
    deploys = [Point(label, float(week.deploys), f"{week.deploys}") for label, week in weeks]
    return [
        bars("mttr", "Mean time to repair", repairs, (target, short(target))),
        bars("incidents", "Incidents", incidents),
        bars("deploys", "Deploys that succeeded", deploys),
    ]


def table(drawn: Sequence[Chart]) -> list[tuple[str, list[str]]]:
    """The same as a table: each week with what every chart says of it, newest first."""
    labels = [bar.label for bar in drawn[0].bars] if drawn else []
    return [(label, [chart.bars[at].told for chart in drawn]) for at, label in enumerate(labels)][::-1]


def _band(seconds: float | None, target: float) -> str:
    if seconds is None:
        return ""
    return GREEN if seconds <= target * ROOM else YELLOW if seconds <= target else RED


def sentences(found: Weeks, environments: Sequence[tuple[int, datetime]]) -> list[str]:
    """The weeks in words, each with what it is measured by."""
    whole, now = found.whole, timezone.now()
    monday = datetime.combine(found.weeks[0][0], time())
    first = timezone.make_aware(monday, zones.house())  # of the week the failures are counted from
    known = sum((now - max(since, first)).total_seconds() for _, since in environments)
    repaired = f"{count_text(whole.incidents, 'incident')}, over after {seconds_text(whole.mttr)} in the mean"
    said = [f"{repaired} (target {settings.SMSOPS_MTTR_MINUTES} min)." if whole.repaired else
            f"{count_text(whole.incidents, 'incident')}."]  # fmt: skip
    if whole.failures:
        between = (known - whole.away) / whole.failures
        pace = f"{between / 3600:,.0f} h" if between >= 7200 else seconds_text(max(0.0, between))
        back = f"; users were served again after {seconds_text(whole.away / whole.served)}" if whole.served else ""
        said.append(f"{count_text(whole.failures, 'failure')} of SMS, one in {pace}{back}.")
    if whole.deploys or whole.went_wrong:
        wrong = whole.went_wrong or "none"
        said.append(f"{count_text(whole.deploys, 'deploy')} succeeded, {wrong} failed or went back.")
    return said
