"""Collecting all the evidence of an incident as a run of its own: beside SMS, beside other runs, safe to end (§5.2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, IntegerField, OuterRef, QuerySet, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from incidents.models import LIVE, ORDER, Incident, Issue, Severity
from incidents.services import evidence
from smsops.errors import WrongUse
from smsops.models import ACTIVE, Environment, Run, Trigger
from smsops.runs.plan import By, Plan, PlannedStep, submit

KIND = "evidence"
BY_ITSELF = (Severity.CRITICAL, Severity.HIGH)
DESTROYED = (Issue.SERVICE, Issue.DATA)  # what a mitigation destroys the evidence of
LATELY = timedelta(hours=6)
STEPS = (
    "evidence.first", "evidence.logs", "evidence.config", "evidence.commits",
    "evidence.copy", "evidence.database", "evidence.manifest",
)  # fmt: skip
OF_DATABASE = ("evidence.copy", "evidence.database")
PERSONAL = (
    "The copy of the database has everybody's data in it: it is sealed with the vault's keys, and who opens it is "
    "written down.",
)
EVER = Value(datetime(1970, 1, 1, tzinfo=UTC))  # of one that was never reopened, every run counts
OFTEN = timedelta(hours=1)  # one copy of a database every so often is enough, however many incidents are open


def plan(incident: Incident, *, database: bool = True) -> Plan:
    """What collecting would do, with or without a copy of the database. WrongUse while it goes on already."""
    if other := runs_of(incident).filter(state__in=ACTIVE).first():
        raise WrongUse(f"“{other.title}” (run {other.pk}) is under way already.")
    notes = (
        "SMS goes on as it is, and so do other runs. Whatever was taken before stays as it was.",
        *(PERSONAL if database else ()),
        "It can be cancelled at any moment; what was taken until then is kept.",
    )
    return Plan(
        kind=KIND,
        title=f"Collect the evidence of incident {incident.pk}",
        environment=incident.environment,
        steps=tuple(PlannedStep(key) for key in STEPS if database or key not in OF_DATABASE),
        params={"incident": incident.pk},
        exclusive=False,
        notes=notes,
    )


def start(incident: Incident, by: By) -> Run:
    """Queue it."""
    return submit(plan(incident), by)


def runs_of(incident: Incident) -> QuerySet[Run]:
    """The runs that collected its evidence."""
    return Run.objects.filter(kind=KIND, params__incident=incident.pk)


def _this_time(incident: Incident) -> QuerySet[Run]:
    """Those of them since it was last reopened."""
    found = runs_of(incident)
    return found if incident.reopened_at is None else found.filter(created_at__gte=incident.reopened_at)


def owed() -> list[Incident]:
    """Live incidents that are bad enough and whose evidence no run has collected yet this time, the worst first. One
    for each environment, and none where a run collects already: each copies the same database, and the workers have
    other things to do; the others wait their turn."""
    runs = Run.objects.filter(kind=KIND).annotate(number=Cast(KT("params__incident"), IntegerField()))
    busy = Run.objects.filter(kind=KIND, environment=OuterRef("environment"), state__in=ACTIVE)
    mine = runs.filter(number=OuterRef("pk"), created_at__gte=OuterRef("since"))
    live = Incident.objects.filter(state__in=LIVE, severity__in=BY_ITSELF)
    found = live.annotate(since=Coalesce("reopened_at", EVER)).exclude(Exists(mine)).exclude(Exists(busy))
    found = found.alias(seen=Coalesce("reopened_at", "detected_at")).filter(seen__gte=timezone.now() - LATELY)
    first: dict[int, Incident] = {}
    for incident in sorted(found.select_related("environment").order_by("pk"), key=_severity, reverse=True):
        first.setdefault(incident.environment_id, incident)
    return list(first.values())


def _severity(incident: Incident) -> int:
    return ORDER[Severity(incident.severity)]


def start_owed() -> int:
    """Begin to collect where it is owed; how many runs that were."""
    return sum(_start(incident) for incident in owed())


@transaction.atomic
def _start(incident: Incident) -> bool:
    """One of several who try at once does: the environment's row is locked meanwhile."""
    Environment.objects.select_for_update(no_key=True).get(pk=incident.environment_id)
    if Run.objects.filter(kind=KIND, environment=incident.environment_id, state__in=ACTIVE).exists():
        return False
    if _this_time(incident).exists():
        return False
    by = By(Trigger.SYSTEM, name="smsops", reason=f"incident {incident.pk} is {incident.severity}")
    submit(plan(incident, database=_wants_copy(incident)), by)
    return True


def _wants_copy(incident: Incident) -> bool:
    """Whether its database is worth a copy: the trouble may be in it, and no other that is open has one."""
    if incident.issue not in DESTROYED:
        return False
    copies = Run.objects.filter(environment=incident.environment, kind=KIND, steps__kind__in=OF_DATABASE)
    lately = copies.filter(created_at__gte=timezone.now() - OFTEN).values_list("params__incident", flat=True)
    return not Incident.objects.filter(pk__in=[number for number in lately if number], state__in=LIVE).exists()


def uncollected(environment: Environment) -> list[Incident]:
    """Live incidents of the environment about its availability or data, of which the first pieces are not all there."""
    live = Incident.objects.filter(environment=environment, state__in=LIVE, issue__in=DESTROYED)
    return [incident for incident in live if evidence.missing(incident)]


def before_a_change(environment: Environment) -> list[str]:
    """What is taken before a run that disturbs SMS may go on, in sentences."""
    return [  # every person with a button reads it: of a private incident, not even the number
        f"The evidence of {named(incident)} is not complete: it is taken first, for at most 20 s."
        for incident in uncollected(environment)
    ]


def named(incident: Incident) -> str:
    """It, where everybody may read it."""
    return "an incident" if incident.private else f"incident {incident.pk}"
