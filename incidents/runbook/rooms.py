"""What the incidents say in the runbook: §2, §5, 6.1 and 7."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, OuterRef, Prefetch, Q, Subquery
from django.urls import reverse

from incidents import selectors
from incidents.models import (
    LIVE,
    MEASURING,
    AlertSource,
    Incident,
    IncidentState,
    Override,
    Playbook,
    PlaybookVersion,
    PolicyLevel,
    PostMortem,
    Rota,
    RotaMember,
    Severity,
    SeverityRule,
    Watch,
)
from incidents.objectives import figures, record, words
from incidents.objectives.spans import Span
from incidents.privacy import seen_by
from incidents.services import rotas
from smsops import zones
from smsops.models import SecondPerson
from smsops.runbook.blocks import Block, Fact, Link, Verdict
from smsops.runbook.registry import Source, View
from smsops.text import age_text, count_text, seconds_text

WINDOW = timedelta(days=90)
DUE = 10  # post-mortems and action items named
SEVERITY_HEAD = ("Severity", "What it means", "Examples", "Response within", "A word every")
MATRIX_HEAD = ("Policy", "Kind of issue", "Level", "After", "When", "Whom")
VIEW = "incidents.view_incident"
MOVES = (
    "ops incident acknowledge NUMBER --user USER",
    "ops incident ways NUMBER",
    "ops incident resolve NUMBER 'WHAT HELPED' --user USER",
    "ops postmortem NUMBER",
)


def trouble(view: View) -> Mapping[str, Block]:
    """What is wrong now, and what has to be done after what was wrong."""
    place, name = view.place, view.place.name
    found = Incident.objects.filter(seen_by(view.user), environment=place, state__in=LIVE)
    live = list(found.select_related("acknowledged_by"))
    facts = [_incident(each, view) for each in live] or [Fact("Live incidents", "none", "pass")]
    links = (
        Link("Incidents", f"{reverse('admin:incidents_incident_changelist')}?environment__id__exact={place.pk}", VIEW),
        Link("Search", reverse("admin:incidents_search"), VIEW),
    )
    report = f"ops incident report {name} 'WHAT IS WRONG' --severity high --user USER"
    return {
        "5": Block(facts, doors=("report",), links=links, commands=("ops incident list", report)),
        "5.2": Block(_afterwards(view), commands=(*MOVES, f"ops actions {name} --overdue")),
    }


def _incident(incident: Incident, view: View) -> Fact:
    who = incident.acknowledged_by.get_username() if incident.acknowledged_by_id and incident.acknowledged_by else ""
    had = f"{who} has it" if who else "nobody has it yet"
    ends = incident.detected_at + timedelta(minutes=view.place.rto_minutes)
    left = (ends - view.now).total_seconds()
    clock = f", {seconds_text(left)} of the RTO left" if left > 0 else f", the RTO is over since {seconds_text(-left)}"
    timed = (
        incident.severity in (Severity.CRITICAL, Severity.HIGH)
        and not incident.drill
        and incident.state != IncidentState.MITIGATED
    )
    said = f"{incident.title}: {had}, {age_text(view.now - incident.detected_at)}{clock if timed else ''}"
    return Fact(incident.get_severity_display(), said, incident.severity, incident.get_absolute_url())


def _afterwards(view: View) -> list[Fact]:
    mine = Q(incident__environment=view.place) & seen_by(view.user, "incident__")
    open_ones = PostMortem.objects.filter(mine, state__in=MEASURING).select_related("incident")[:DUE]
    items = selectors.items_to_do().filter(mine).select_related("owner")[:DUE]
    found = [
        Fact(
            "Post-mortem", f"{each.incident}, {_due(each)}", "overdue" if each.overdue else "", each.get_absolute_url()
        )
        for each in open_ones
    ]
    found += [
        Fact("Action item", f"{each.title}, {each.owner or 'nobody'}, {_due(each)}", _late(each),
             each.get_absolute_url())
        for each in items
    ]  # fmt: skip
    return found or [Fact("Post-mortems and action items", "nothing is open", "pass")]


def _late(each: Any) -> str:
    return "overdue" if each.overdue else ""


def _due(each: Any) -> str:
    return f"due {zones.kept(each.due_at)}" if each.due_at else "no date"


def severities(view: View) -> Mapping[str, Block]:
    """The severity table."""
    rows = [
        (Verdict(rule.severity), rule.meaning, rule.examples, seconds_text(rule.response.total_seconds()),
         seconds_text(rule.update.total_seconds()))
        for rule in SeverityRule.objects.all()
    ]  # fmt: skip
    page = Link("Severities", reverse("admin:incidents_severityrule_changelist"), "incidents.view_severityrule")
    return {"5.1": Block(head=SEVERITY_HEAD, rows=rows, links=(page,))}


def playbooks(view: View) -> Mapping[str, Block]:
    """Every playbook under its number; those of the school's own under 5.3."""
    newest = PlaybookVersion.objects.filter(playbook=OuterRef("pk")).order_by("-number")
    used = Count("versions__acts__incident", distinct=True)
    known = Playbook.objects.annotate(
        symptom=Subquery(newest.values("symptom")[:1]), fallback=Subquery(newest.values("fallback")[:1]), used=used
    )
    found: dict[str, list[Fact]] = defaultdict(list)
    lines: dict[str, list[str]] = defaultdict(list)
    for each in known:
        number = each.section.removeprefix("§")
        number = number if number in PLAYED else "5.3"
        off = "" if each.enabled else " (switched off)"
        met = f"met in {count_text(each.used, 'incident')}" if each.used else "never met here"
        found[number].append(Fact("Playbook", f"{each.title}{off}, {met}", url=each.get_absolute_url()))
        lines[number] += [each.symptom or "", each.fallback or ""]
    page = Link("Playbooks", reverse("admin:incidents_playbook_changelist"), "incidents.view_playbook")
    return {
        number: Block(found[number], [line for line in lines[number] if line], doors=DOORS.get(number, ()),
                      links=(page,) if number == "5.3" else (), commands=COMMANDS.get(number, ()))
        for number in ("5.3", *PLAYED)
    }  # fmt: skip


PLAYED = ("5.3.1", "5.3.2", "5.3.3", "5.3.4", "5.3.5")
DOORS: dict[str, Sequence[str]] = {
    "5.3.1": ("recreate", "more-memory", "rollback"),
    "5.3.2": ("upgrade", "rebuild", "rollback"),
    "5.3.3": ("restart", "restore"),
    "5.3.4": ("key-back", "recreate"),
    "5.3.5": ("rebuild", "recreate"),
}
COMMANDS: dict[str, Sequence[str]] = {"5.3": ("ops playbooks", "ops incident diagnose NUMBER --wait")}


def people(view: View) -> Mapping[str, Block]:
    """Who is on call, who is paged when, and whose approval a run waits for."""
    standing = Override.objects.filter(ends_at__gt=view.now).select_related("user")
    places = Prefetch("places", RotaMember.objects.select_related("user"))
    on_call = Rota.objects.prefetch_related(places, Prefetch("overrides", standing))
    facts = [Fact(f"On call ({rota})", _person(rota, view)) for rota in on_call]
    facts = facts or [Fact("On call", "no rota yet", "fail")]
    if view.environment is not None:
        rule = SecondPerson(view.environment.second_person)
        facts.append(Fact("A second person approves", str(rule.label)))
    links = (
        Link("Rotas", reverse("admin:incidents_rota_changelist"), "incidents.view_rota"),
        Link("Who is paged when", reverse("admin:incidents_escalationpolicy_changelist"),
             "incidents.view_escalationpolicy"),
        Link("Ways to reach people", reverse("admin:incidents_contact_changelist"), "incidents.view_contact"),
    )  # fmt: skip
    commands = ("ops oncall", "ops page TEST --to USER", "ops approve")
    return {"5.4": Block(facts, head=MATRIX_HEAD, rows=_matrix(view), links=links, commands=commands)}


def _person(rota: Rota, view: View) -> str:
    found = rotas.on_call(rota, view.now)
    if found is None:
        return "nobody"
    return f"{found.get_full_name()} ({found.get_username()})" if found.get_full_name() else found.get_username()


def _matrix(view: View) -> list[tuple[str, ...]]:
    """A line for each level of the policies that may count here; whom it names comes along in one question."""
    here = Q(policy__environment=None)
    here |= Q(policy__environment=view.environment) if view.environment is not None else Q()
    names = ("rotas__name", "teams__name", "users__username", "channels__name")
    levels = PolicyLevel.objects.filter(here, policy__enabled=True).order_by("policy__name", "policy_id", "position")
    found: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
    for policy, issue, position, after, condition, *whom in levels.values_list(
        "policy__name", "policy__issue", "position", "after_minutes", "condition", *names
    ):
        line = (policy, issue or "any", str(position), f"{after} min", condition.replace("_", " ") or "—")
        found[line] |= dict.fromkeys(filter(None, whom))
    return [(*line, ", ".join(whom) or "nobody") for line, whom in found.items()]


def objectives(view: View) -> Mapping[str, Block]:
    """RTO, RPO, MTTR and MTBF against their targets."""
    window = Span(view.now - WINDOW, view.now)
    (found,) = record.read([view.place], window.begin, view.user)
    part = words.table(figures.of(found, window))
    page = Link("Objectives", reverse("admin:incidents_objectives_of", args=[view.place.name]), VIEW)
    commands = (f"ops objectives {view.place.name}",)
    return {"6.1": Block(lines=part.lines, head=part.head, rows=part.rows, links=(page,), commands=commands)}


def sight(view: View) -> Mapping[str, Block]:
    """What the watcher saw last."""
    watch: Watch | None = getattr(view.place, "watch", None)
    figures_at = Fact("Figures for Prometheus", f"{settings.SMSOPS_PUBLIC_URL or ''}/metrics")
    page = Link("Log patterns", reverse("admin:incidents_logpattern_changelist"), "incidents.view_logpattern")
    name = view.place.name
    commands = (f"ops status {name}", f"ops logs {name} --lines 100", "ops monitoring prometheus")
    return {
        "2": Block((_watched(watch, view),)),
        "7": Block((_watched(watch, view), figures_at), doors=("check",), links=(page,), commands=commands),
    }


def senders(view: View) -> Mapping[str, Block]:
    """Who else tells of trouble."""
    facts = [
        Fact(f"Alerts of {each.name}", f"heard {age_text(view.now - each.last_heard_at)}" if each.last_heard_at
             else "never heard", "" if each.enabled else "skip", each.get_absolute_url())
        for each in AlertSource.objects.filter(environment=view.place)
    ] or [Fact("Alerts of others", "no source", "warn")]  # fmt: skip
    page = Link("Alert sources", reverse("admin:incidents_alertsource_changelist"), "incidents.view_alertsource")
    return {"7": Block(facts, links=(page,))}


def _watched(watch: Watch | None, view: View) -> Fact:
    if watch is None or watch.looked_at is None:
        return Fact("SMS", "nobody has looked yet", "unknown")
    said = f"{watch.detail or watch.status}, {watch.response_ms} ms, {age_text(view.now - watch.looked_at)}"
    return Fact("SMS", said, watch.word(view.now))


SOURCES = (
    Source(("2", "7"), "environments", "smsops.view_environment", sight),
    Source(("7",), "alert sources", "incidents.view_alertsource", senders),
    Source(("5", "5.2"), "incidents", VIEW, trouble),
    Source(("5.1",), "severities", "incidents.view_severityrule", severities, general=True),
    Source(("5.3", *PLAYED), "playbooks", "incidents.view_playbook", playbooks, general=True),
    Source(("5.4",), "escalation", "incidents.view_escalationpolicy", people, general=True),
    Source(("6.1",), "incidents", VIEW, objectives),
)
