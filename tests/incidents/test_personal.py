"""Evidence with personal data in it is let go of when its incident has long been closed, and never before."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from backups.services import housekeeping
from incidents.bundles import verifying
from incidents.models import EntryKind, Evidence, Incident, PostMortem
from incidents.services import bundling, databases_taken, evidence, pages, personal
from smsops.errors import OpsError
from smsops.models import Environment
from tests.admin.browser import Browser
from tests.factories import make_incident, make_user
from tests.ops.conftest import ops as ops
from tests.ops.terminal import Terminal

pytestmark = pytest.mark.django_db


def closed(environment: Environment, days: float = 31, **fields: Any) -> Evidence:
    """The sealed copy of an incident that was closed so many days ago; it has a log as well."""
    known = {"state": "closed", "closed_at": timezone.now() - timedelta(days=days)}
    incident = make_incident(environment, **{**known, **fields})
    evidence.keep(incident, "log.txt", "ERROR: it broke\n")
    private = evidence.folder_of(incident) / ".private"
    private.write_text("sealed")
    (piece,) = evidence.keep_file(incident, databases_taken.NAME, private, personal=True)
    return piece


def test_it_goes_and_its_row_says_why_with_its_digest(environment: Environment) -> None:
    piece, days = closed(environment), {timezone.localdate()}
    assert (personal.tidy(environment), personal.tidy(environment)) == (1, 0)
    now = Evidence.objects.get(pk=piece.pk)
    assert (Path(piece.path).exists(), now.sha256) == (False, piece.sha256)
    why = "it has personal data in it, and its incident had been closed for 30 days"
    days.add(timezone.localdate())
    assert now.gone in {f"The evidence database.sealed was removed on {day}: {why}." for day in days}
    told = piece.incident.timeline.filter(kind=EntryKind.EVIDENCE, text__contains="was removed")
    assert [entry.text for entry in told] == [f"database.sealed was removed: {why}. Its SHA-256 was {piece.sha256}."]
    assert evidence.read(piece.incident.evidence.get(name="log.txt"))


@pytest.mark.parametrize("fields", [{"days": 29}, {"state": "open"}, {"state": "resolved"}, {"days": -1}])
def test_it_stays_while_the_incident_is_not_long_closed(environment: Environment, fields: dict[str, Any]) -> None:
    piece = closed(environment, **fields)
    assert personal.tidy(environment) == 0
    assert evidence.read(Evidence.objects.get(pk=piece.pk)) == b"sealed"


@pytest.mark.parametrize(("state", "gone"), [("draft", 0), ("in_review", 0), ("approved", 0), ("published", 1)])
def test_it_stays_until_the_post_mortem_is_published(environment: Environment, state: str, gone: int) -> None:
    piece = closed(environment)
    PostMortem.objects.create(incident=piece.incident, state=state)
    assert personal.tidy(environment) == gone
    assert Path(piece.path).exists() == (not gone)


def test_an_ops_lead_sets_for_how_long(environment: Environment, settings: Any) -> None:
    settings.SMSOPS_PERSONAL_DAYS = 7
    closed(environment, days=8)
    assert personal.tidy(environment) == 1


@pytest.mark.parametrize("place", ["Path.unlink", "incidents.note"])
def test_killed_in_the_middle_the_next_one_goes_on_and_says_it_once(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    piece = closed(environment)
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(f"incidents.services.personal.{place}", lambda *_, **__: (_ for _ in ()).throw(SystemExit))
        personal.tidy(environment)
    now = Evidence.objects.get(pk=piece.pk)
    with pytest.raises(OpsError, match="is being removed: it has personal data"):
        evidence.read(now)
    Incident.objects.update(state="open", closed_at=None)  # too late for this piece
    assert personal.tidy(environment) == 1
    assert not Path(piece.path).exists()
    assert piece.incident.timeline.filter(text__contains="was removed").count() == 1


def test_opened_anew_while_it_is_decided_it_stays(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    piece, hold = closed(environment), pages.hold

    def late(incident: Incident) -> bool:
        Incident.objects.update(state="open", closed_at=None)
        return hold(incident)

    monkeypatch.setattr(pages, "hold", late)
    assert personal.tidy(environment) == 0
    assert Path(piece.path).exists()


def test_the_pages_a_bundle_and_the_command_say_so(environment: Environment, tmp_path: Path, ops: Terminal) -> None:
    piece = closed(environment)
    personal.tidy(environment)
    browser = Browser(make_user("incidents.view_incident", databases_taken.PERMISSION))
    address = reverse("admin:incidents_incident_evidence", args=[piece.incident_id, piece.name])
    page, opened = browser.get(piece.incident.get_absolute_url()), browser.get(address)
    assert ("was removed on" in page.text, address in page.links) == (True, False)
    assert (opened.status, "was removed on" in opened.html) == (410, True)
    bundling.write(piece.incident, tmp_path / "bundle", "ada", with_database=True)
    said = ops("incident", "verify", tmp_path / "bundle")
    assert said.code == 0
    assert "left out  evidence/database.sealed: The evidence database.sealed was removed" in said.out
    told = ops("incident", "open-evidence", piece.incident_id, "--out", tmp_path / "copy", "--reason", "to see")
    assert (told.code, "was removed on" in told.complaint, (tmp_path / "copy").exists()) == (1, True, False)
    assert verifying.verify(tmp_path / "bundle").problems == []


def test_what_a_killed_run_left_half_sealed_goes_after_a_day(environment: Environment) -> None:
    folder = evidence.folder_of(make_incident(environment))
    old, new = folder / "..run-1.sealed.ab12cd34", folder / ".run-2.sealed"
    for path in (old, new):
        path.write_text("half")
    os.utime(old, (time.time() - 90_000,) * 2)
    personal.tidy(environment)
    assert (old.exists(), new.exists()) == (False, True)


def test_the_daily_tidying_does_it(environment: Environment) -> None:
    piece = closed(environment)
    housekeeping.do_chores(environment)
    assert not Path(piece.path).exists()
