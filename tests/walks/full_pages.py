"""Pages with much on them: what a page of a fresh row does not show, and words without an end, as logs have them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from backups.models import LogFollowing
from deployments.models import Release
from incidents.models import Incident, Page, PlaybookAct, Triage
from smsops.models import Environment, Run, RunState, StepState
from tests.admin.browser import door
from tests.admin.scenes import (
    a_followed_school,
    a_reported_drill,
    a_school,
    a_waiting_run,
    an_incident_with_a_playbook,
    its_backup,
)
from tests.admin.test_row_pages import TABLES
from tests.factories import (
    make_action_item,
    make_admin,
    make_alert,
    make_alert_source,
    make_finding,
    make_incident,
    make_offsite_vault,
    make_run,
    make_step,
    make_user,
    make_watch,
)
from tests.incidents.clocks import away, seen

LONG = "x" * 300


def a_full_environment() -> Environment:
    """One of which everything can be said: it was backed up all day, and something is wrong, due and under way."""
    school = a_school()
    make_watch(school)
    now = timezone.now()
    for number in range(95, -1, -1):
        began = now - timedelta(minutes=15 * number + 1)
        state = RunState.SAFE if number % 9 == 4 else RunState.SUCCEEDED
        took = timedelta(seconds=9)
        make_run(school, state=state, created_at=began, started_at=began, finished_at=began + took)
    make_step(make_run(school, state=RunState.RUNNING, kind="rehearsal", title="Rehearse 1.19.0"), state="running")
    make_offsite_vault(school, problem="The server does not answer.")
    LogFollowing.objects.create(environment=school, looked_at=now, kept_at=now, canary_seconds=0.4, canary_at=now)
    make_action_item(make_incident(school), due_at=now)
    make_alert(make_alert_source(school))
    return school


def an_incident() -> Incident:
    """One about which much was seen and done, with ways back and somebody who was paged."""
    incident = an_incident_with_a_playbook()
    now = timezone.now()
    Triage.objects.create(incident=incident, broken=LONG, words=LONG, running=LONG, changed=LONG)
    for kind in ("sign", "note", "change", "deed"):
        incident.timeline.create(kind=kind, text=LONG)
    PlaybookAct.objects.create(incident=incident, kind="diagnosis", title="Its log", text=LONG)
    Page.objects.create(incident=incident, user=make_admin(), text=LONG, key="x", problem=LONG, due_at=now)
    make_alert(make_alert_source(incident.environment), incident=incident)
    make_action_item(incident)
    return incident


def an_outage() -> Incident:
    """SMS is away, and there are ways back."""
    incident = away(a_school(), 5)
    seen(incident, "restart", "restore", rollback_code={"open": True, "version": "1.17.0"})
    return incident


def a_run_that_failed() -> Run:
    """One with a step in every state, checks and output, that needs a person."""
    run = make_run(state=RunState.NEEDS_HUMAN, headline="It could not be undone.", facts={"by_hand": [LONG]})
    for state in StepState:
        make_step(run, state=state, output=f"{LONG}\n" * 60, error="It broke." if state == StepState.FAILED else "")
    verdicts = ("pass", "warn", "fail", "skip")
    checks = [{"verdict": each, "title": "Health", "detail": "It is.", "fix": "Mend it."} for each in verdicts]
    make_step(run, result={"checks": checks})
    return run


def a_run_under_way() -> Run:
    """One that goes on, whose cancelling was asked for."""
    run = make_run(state=RunState.RUNNING, cancel_requested=True)
    make_step(run)
    make_step(run, state=StepState.RUNNING, output="It goes on.\n" * 60)
    make_step(run, state=StepState.PENDING)
    return run


def a_comparison() -> Run:
    backup = its_backup()
    facts = {"rows.compare": {"tables": TABLES}}
    return make_run(backup.environment, kind="comparison", params={"backup": backup.pk}, facts=facts)


def an_audit() -> Run:
    return make_finding().run


def its_release() -> Release:
    release = a_full_environment().releases.get(version="1.18.0")
    release.changelog = "### Added\n- Something.\n\n### Breaking\n- Something else."
    release.save()
    return release


def _page(make: Callable[[], Environment | Incident | Run | Release]) -> Callable[[], str]:
    return lambda: make().get_absolute_url()


def _with(make: Callable[[], object], name: str, *args: object) -> Callable[[], str]:
    def address() -> str:
        make()
        return reverse(f"admin:{name}", args=args)

    return address


def _of(name: str, make: Callable[[], Environment] = a_full_environment) -> Callable[[], str]:
    return lambda: reverse(f"admin:{name}", args=[make().name])


def _by_number(name: str, make: Callable[[], Environment]) -> Callable[[], str]:
    return lambda: reverse(f"admin:{name}", args=[make().pk])


def many_environments() -> None:
    """So many that the dashboard shows some as cards and the others in a table."""
    for _ in range(8):
        make_watch(a_school())
    make_user(first_name="Maria", last_name="Musterfrau-Beispiel")


FULL: dict[str, Callable[[], str]] = {
    "dashboard": _with(a_full_environment, "index"),
    "dashboard of many": _with(many_environments, "index"),
    "dashboard of one": _of("incidents_dashboard_of"),
    "environment": _page(a_full_environment),
    "environment in a pop-up": lambda: reverse("admin:smsops_environment_add") + "?_popup=1",
    "vault": _by_number("backups_vault", a_full_environment),
    "moments": _by_number("backups_moments", a_followed_school),
    "objectives": _with(a_full_environment, "incidents_objectives"),
    "objectives of many": _with(many_environments, "incidents_objectives"),
    "objectives of one": _of("incidents_objectives_of"),
    "runbook": _of("incidents_runbook_of"),
    "search": lambda: (an_incident(), reverse("admin:incidents_search") + "?q=health")[1],
    "first steps": _of("backups_first_run_of"),
    "first description": lambda: f"{reverse('admin:backups_first_run_describe')}?preset=sms-docker",
    "release": _page(its_release),
    "incident": _page(an_incident),
    "outage": _page(an_outage),
    "failed run": _page(a_run_that_failed),
    "run under way": _page(a_run_under_way),
    "run that waits": _page(a_waiting_run),
    "comparison": _page(a_comparison),
    "drill with its report": _page(a_reported_drill),
    "audit of a release": _page(an_audit),
    "way back with its price": lambda: door(an_outage().environment, "rollback"),
    "runs": _with(a_full_environment, "smsops_run_changelist"),
    "runs, counted and sorted": lambda: (
        a_full_environment(),
        reverse("admin:smsops_run_changelist") + "?_facets=True&kind=backup&q=Back&o=1.-2&p=2",
    )[1],
}  # fmt: skip
