"""What leaves the admin as a file, or is read as evidence, is told each time."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from incidents.models import Evidence, Incident
from smsops.models import AuditEntry
from smsops.models.audit import Sort
from tests.admin.browser import Browser
from tests.audit.trail import newest
from tests.factories import make_environment, make_incident, make_postmortem, make_user, make_viewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(tmp_path: Path) -> Incident:
    """One with a log and a sealed copy that is not there any more."""
    found, path = make_incident(), tmp_path / "log.txt"
    path.write_text("a line")
    digest = hashlib.sha256(b"a line").hexdigest()
    Evidence.objects.create(incident=found, name="log.txt", path=str(path), sha256=digest)
    Evidence.objects.create(incident=found, name="database.sealed", path="/nowhere", sha256=digest, personal=True)
    return found


def evidence(incident: Incident, name: str) -> str:
    return reverse("admin:incidents_incident_evidence", args=[incident.pk, name])


def test_evidence_that_is_read_is_told_with_its_incident(incident: Incident) -> None:
    viewer = make_viewer()
    assert Browser(viewer).get(evidence(incident, "log.txt")).status == 200
    entry = newest("evidence.read")
    assert (entry.who, entry.sort, entry.scope) == (viewer.username, Sort.TAKEN, f"incident:{incident.pk}")


def test_a_sealed_copy_is_told_before_it_is_opened_with_the_reason(incident: Incident) -> None:
    user = make_user("incidents.view_incident", "incidents.open_personal_evidence")
    page = Browser(user).post(evidence(incident, "database.sealed"), reason="whose marks were changed")
    assert page.status == 410
    refused, opened = AuditEntry.objects.filter(action="evidence.open")
    assert (opened.outcome, refused.outcome) == ("", "refused")
    assert opened.reason == "whose marks were changed"


def test_exports_of_post_mortems_and_objectives_are_told() -> None:
    browser, environment = Browser(make_viewer()), make_environment()
    where = reverse("admin:incidents_postmortem_export", args=[make_postmortem().pk, "md"])
    assert browser.get(where).status == 200
    assert newest("postmortem.export").given == {"form": "md"}
    month = f"{timezone.now():%Y-%m}"
    where = reverse("admin:incidents_objectives_month", args=[environment.name, month])
    assert browser.get(f"{where}?as=md").status == 200
    assert newest("objectives.export").given == {"form": "md", "month": month}
