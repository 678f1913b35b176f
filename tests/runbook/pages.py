"""The runbook of a school about which much is known."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from deployments.models import Release
from incidents.models import EscalationPolicy, PolicyLevel, Rota, RotaMember
from smsops.models import Environment
from tests.admin.browser import Browser, Page
from tests.admin.scenes import a_school
from tests.factories import (
    make_action_item,
    make_admin,
    make_alert_source,
    make_check_result,
    make_incident,
    make_postmortem,
    make_release,
    make_run,
    make_user,
    make_watch,
)

# Every heading of the user's paper, by its number.
PAPER = {
    "1": "Preconditions", "2": "Standard Deployment", "3": "Verification Checklist", "4": "Rollback Procedure",
    "4.1": "Quick Rollback", "4.2": "Database Rollback", "4.3": "Data Integrity Checks",
    "4.4": "Rollback Time Objectives", "5": "Incident Response Playbook", "5.1": "Severity Classification",
    "5.2": "Incident Response Timeline", "5.3": "Common Incidents", "5.3.1": "Container Crash Loop",
    "5.3.2": "API Returns 500 on All Endpoints", "5.3.3": "Database Locked", "5.3.4": "Auth Failures",
    "5.3.5": "Frontend Not Loading", "5.4": "Escalation Matrix", "6": "Recovery Time",
    "6.1": "Recovery Objectives Table", "6.2": "RTO Breakdown by Scenario", "6.3": "RPO Breakdown",
    "6.4": "Data Loss Scenarios", "6.5": "RPO Improvement", "6.6": "Backup Verification & Restore Testing",
    "7": "Monitoring & Observability", "8": "Secrets & Key Rotation", "9": "Post-Deployment Tasks",
    "10": "Change Log & Update History", "11": "References",
}  # fmt: skip


def a_known_school() -> Environment:
    """Checks, releases, backups, tests, incidents, people: something of everything the paper speaks of."""
    school = a_school()
    make_watch(school)
    make_check_result(school, stage="preconditions", key="secrets", section="§1", title="Secrets", verdict="fail",
                      detail="SECRET_KEY is short.", fix="Make a new one.")  # fmt: skip
    make_check_result(school, detail="status: healthy")
    coming = make_release(school, "1.19.0", breaking="Logins change.")
    make_run(school, kind="rehearsal", title="Rehearse", params={"release": coming.pk, "image_id": coming.image_id},
             headline="1.19.0 came up on a copy.")  # fmt: skip
    make_run(school, kind="restore_test", headline="SMS ran on the copy.")
    make_run(school, kind="drill", headline="Back in 2 min.")
    make_run(school, kind="key_rotation", title="Rotate the key")
    incident = make_incident(school, title="Logins are slow", severity="high")
    make_postmortem(make_incident(school, title="It was down", state="resolved", resolved_at=timezone.now()))
    make_action_item(incident, title="Watch the disk", due_at=timezone.now() - timedelta(days=1))
    make_alert_source(school, name="our prometheus")
    somebody_on_call(school)
    return school


def somebody_on_call(school: Environment) -> User:
    person = make_user(username="night-owl", first_name="Nora", last_name="Night")
    rota = Rota.objects.create(name="Nights")
    RotaMember.objects.create(rota=rota, user=person)
    policy = EscalationPolicy.objects.create(name="Ours", issue="security", environment=school)
    PolicyLevel.objects.create(policy=policy, position=1).rotas.add(rota)
    return person


def address(school: Environment | None) -> str:
    if school is None:
        return reverse("admin:incidents_runbook")
    return reverse("admin:incidents_runbook_of", args=[school.name])


def opened(school: Environment | None, user: User | None = None) -> Page:
    page = Browser(user or make_admin()).get(address(school))
    assert page.status == 200
    return page


def section(page: Page, number: str) -> str:
    """Everything a person reads in one section."""
    wanted = f"s-{number.replace('.', '-')}"
    return next(each.text for each in page.all("section") if each.attributes.get("id") == wanted)


def links_in(page: Page, number: str) -> list[str]:
    """Where one can go from a section."""
    before, _, rest = page.html.partition(f'id="s-{number.replace(".", "-")}"')
    assert before and rest
    html = rest.partition("</section>")[0]
    return [part.partition('"')[0].replace("&amp;", "&") for part in html.split('href="')[1:]]


def newest(school: Environment) -> Release:
    found = school.releases.first()
    assert found is not None
    return found
