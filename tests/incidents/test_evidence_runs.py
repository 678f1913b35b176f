"""All the evidence, as a run: what it takes, what it must not have in it, and who may open what is personal."""

from __future__ import annotations

import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import zstandard
from django.conf import settings
from django.urls import reverse

from incidents.models import EntryKind, FactKind, Incident, TimelineEntry
from incidents.services import databases_taken, evidence, evidence_runs
from smsops.errors import WrongUse
from smsops.models import Run, RunState
from smsops.runs.plan import By
from tests.admin.browser import Browser
from tests.backups.databases import make_damaged
from tests.factories import make_incident, make_user, make_viewer
from tests.incidents.test_evidence import CANARIES, speak, text
from tests.incidents.test_first_look import opened
from tests.places import ADMIN, Place, drive
from tests.runtimes.acts import launch

BY = By(name="test")


def collected(place: Place) -> tuple[Run, Incident]:
    incident = opened(place.environment)
    return drive(evidence_runs.start(incident, BY)), incident


def names(incident: Incident) -> set[str]:
    return set(incident.evidence.values_list("name", flat=True))


def unpacked(incident: Incident) -> str:
    packed = Path(incident.evidence.get(name="full-log.txt.zst").path).read_bytes()
    return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(packed), read_across_frames=True).read().decode()


def test_everything_is_taken_and_no_canary_is_in_it(place: Place) -> None:
    place.deploy("1.18.1")
    speak(place)
    run, incident = collected(place)
    assert run.state == RunState.SUCCEEDED, run.headline
    assert names(incident) == {
        *evidence.PIECES, "full-log.txt.zst", "config-diff.txt", "git-log.txt", "integrity.txt", "database.sealed",
        "manifest.json",
    }  # fmt: skip
    assert "Application startup complete" in unpacked(incident)
    assert text(incident, "integrity.txt").endswith(": ok\n")
    assert "1.18.1" in text(incident, "git-log.txt")
    told = unpacked(incident) + "".join(Path(piece.path).read_bytes().decode("latin-1") for piece in
                                        incident.evidence.all())  # fmt: skip
    told += str(list(incident.timeline.values())) + str(run.steps.values())
    assert [canary for canary in (*CANARIES[:3], "parent@home.example") if canary in told] == []


def test_the_copy_of_the_database_is_sealed_and_opening_it_is_on_the_timeline(process_place: Place) -> None:
    launch(process_place)
    _, incident = collected(process_place)
    piece = incident.evidence.get(name=databases_taken.NAME)
    assert piece.personal
    assert b"SQLite format 3" not in Path(piece.path).read_bytes()
    data = b"".join(databases_taken.opened(piece, "ada", "to see which rows are gone"))
    assert data.startswith(b"SQLite format 3")
    entry = incident.timeline.filter(kind=EntryKind.EVIDENCE).last()
    assert entry is not None
    assert (entry.author, "which rows are gone" in entry.text) == ("ada", True)
    with pytest.raises(WrongUse, match="Say why"):
        databases_taken.opened(piece, "ada", "  ")


def test_a_damaged_database_is_a_fact(process_place: Place) -> None:
    make_damaged(process_place.database)
    run, incident = collected(process_place)
    assert incident.facts.filter(kind=FactKind.INTEGRITY_FAILED).exists(), run.steps.values_list("output", "error")


def test_what_cannot_be_taken_keeps_nothing_else_from_being_taken(process_place: Place) -> None:
    process_place.environment.source_path = "/no/such/repository"
    process_place.environment.save()
    run, incident = collected(process_place)
    assert run.state == RunState.SUCCEEDED
    assert "“Look up the commits of the running release” failed" in run.headline
    assert "database.sealed" in names(incident)


def test_without_room_no_copy_of_the_database_is_made(process_place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases_taken, "SPARE", 10**18)
    run, incident = collected(process_place)
    assert "evidence.copy" in [step.kind for step in run.steps.all() if step.error]
    assert names(incident) & {"database.sealed"} == set()
    assert not list(Path(settings.SMSOPS_WORK_DIR).glob(f"run-{run.pk}/*"))


def test_again_it_changes_nothing_that_was_taken(process_place: Place) -> None:
    _, incident = collected(process_place)
    before = list(incident.evidence.exclude(name__startswith="manifest").values("name", "sha256", "path"))
    drive(evidence_runs.start(incident, BY))
    assert list(incident.evidence.exclude(name__startswith="manifest").values("name", "sha256", "path")) == before
    manifest = json.loads(text(incident, "manifest.json"))
    assert {row["name"] for row in manifest["evidence"]} >= {"log.txt", "database.sealed"}


def sealed(place: Place) -> str:
    _, incident = collected(place)
    return reverse("admin:incidents_incident_evidence", args=[incident.pk, databases_taken.NAME])


def test_who_may_not_open_it_does_not(process_place: Place) -> None:
    address = sealed(process_place)
    assert Browser(make_viewer()).get(address).status == 403
    assert Browser(make_user("incidents.open_personal_evidence")).get(address).status == 403


def test_a_look_at_the_page_opens_nothing_and_a_reason_does(process_place: Place, tmp_path: Path) -> None:
    address = sealed(process_place)
    browser = Browser(make_user("incidents.view_incident", "incidents.open_personal_evidence"))
    before = TimelineEntry.objects.count()
    assert browser.get(address).status == 200
    assert TimelineEntry.objects.count() == before
    response: Any = browser.client.post(address, {"reason": "to compare the rows"})
    file = tmp_path / "copy.db"
    file.write_bytes(b"".join(response.streaming_content))
    assert sqlite3.connect(file).execute("SELECT count(*) FROM students").fetchone() == (200,)
    assert TimelineEntry.objects.filter(text__contains="to compare the rows").count() == 1


def test_collecting_wants_its_own_permission(process_place: Place) -> None:
    incident = make_incident(process_place.environment)
    address = reverse("admin:incidents_incident_do", args=[incident.pk, "collect"])
    assert Browser(make_viewer()).get(address).status == 403
    browser = Browser(make_user("incidents.view_incident", "incidents.collect_evidence", "smsops.view_run"))
    assert browser.get(address).status == 200
    assert not Run.objects.filter(kind="evidence").exists()
    browser.post(address, reason="")
    assert Run.objects.filter(kind="evidence", actor__isnull=False).count() == 1
    assert ADMIN[1] not in browser.get(incident.get_absolute_url()).html
