"""Evidence is read as plain text, by those who may see the incident, and only if it is still what was taken."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.urls import reverse

from incidents.models import Evidence
from tests.admin.browser import Browser
from tests.factories import (
    make_incident,
    make_user,
    make_viewer,
)

pytestmark = pytest.mark.django_db

TEXT = "ERROR: <script>alert(1)</script>\n"


@pytest.fixture
def piece(tmp_path: Path) -> Evidence:
    """A log that was taken."""
    path = tmp_path / "log.txt"
    path.write_text(TEXT)
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    return Evidence.objects.create(incident=make_incident(), name="log.txt", path=str(path), sha256=digest)


def address(piece: Evidence, name: str = "log.txt") -> str:
    return reverse("admin:incidents_incident_evidence", args=[piece.incident_id, name])


def test_the_incidents_page_leads_to_it(piece: Evidence) -> None:
    assert address(piece) in Browser(make_viewer()).get(piece.incident.get_absolute_url()).links


def test_it_is_plain_text_whatever_is_in_it(piece: Evidence) -> None:
    page = Browser(make_viewer()).get(address(piece))
    assert page.html == TEXT
    assert page.response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert page.response.headers["X-Content-Type-Options"] == "nosniff"


def test_who_may_not_see_the_incident_does_not_read_it(piece: Evidence) -> None:
    page = Browser(make_user("smsops.view_run")).get(address(piece))
    assert page.status == 403
    assert TEXT not in page.html


def test_a_piece_that_was_changed_is_not_shown(piece: Evidence) -> None:
    Path(piece.path).write_text("nothing happened")
    page = Browser(make_viewer()).get(address(piece))
    assert (page.status, page.one("h1").text) == (410, "The evidence log.txt was changed after it was taken.")


def test_a_piece_that_is_gone_says_so(piece: Evidence) -> None:
    Path(piece.path).unlink()
    page = Browser(make_viewer()).get(address(piece))
    assert page.status == 410
    assert "cannot be read" in page.html


@pytest.mark.parametrize("name", ["other.txt", "..", "%2e%2e", "log.txt%00"])
def test_only_what_was_taken_is_read(piece: Evidence, name: str) -> None:
    assert Browser(make_viewer()).get(address(piece).replace("log.txt", name)).status in (302, 404)


def test_evidence_of_no_incident_is_not_found_whatever_its_number() -> None:
    address = reverse("admin:incidents_incident_evidence", args=[1, "log.txt"]).replace("/1/", f"/{10**30}/")
    assert Browser(make_viewer()).get(address).status == 302  # the admin: there is no such incident
