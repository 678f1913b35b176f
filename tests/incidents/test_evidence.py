"""Evidence of real installations: complete, unchanged, taken once, and without a single secret in it."""

from __future__ import annotations

import hashlib
import http.client
import json
from pathlib import Path

import pytest
from django.conf import settings

from incidents.models import Evidence, Incident
from incidents.services import evidence, incidents
from smsops.environments.secrets import known_secrets
from smsops.errors import OpsError
from smsops.models import Environment
from tests.incidents.conftest import LATE
from tests.places import ADMIN, SECRET_KEY, Place, free_port, wait_for
from tests.runtimes.acts import kill, launch
from tests.smsops.crowd import forked

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLW9mLWEtY2FuYXJ5"
API_KEY = "canary-4f1e9c-key"
CANARIES = (SECRET_KEY, ADMIN[0], ADMIN[1], JWT, API_KEY, "parent@home.example")


def text(incident: Incident, name: str) -> str:
    return Path(incident.evidence.get(name=name).path).read_text()


def speak(place: Place) -> None:
    """Let SMS write every canary into its log, as the queries of requests."""
    for canary in CANARIES:
        connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=5)
        connection.request("GET", f"/api/v1/said?{canary}")
        connection.getresponse().read()
        connection.close()


def taken(place: Place) -> Incident:
    incident = incidents.report(place.environment, LATE)[0]
    evidence.collect(incident)
    return incident


def test_no_canary_reaches_the_evidence(place: Place) -> None:
    place.add_env(EXTRA_API_KEY=API_KEY)
    launch(place)
    speak(place)
    name = place.environment.instance

    def planted() -> bool:
        seen = place.runtime.logs(name, 200) + str(place.runtime.describe(name))
        return all(canary in seen for canary in CANARIES)

    wait_for(planted, "every canary to be in the log")
    incident = taken(place)
    told = " ".join(text(incident, piece.name) for piece in incident.evidence.all())
    told += str(list(incident.timeline.values()))
    assert [canary for canary in CANARIES if canary in told] == []
    assert "/api/v1/said?[redacted]" in told


def test_evidence_tells_the_log_the_instance_its_health_and_what_happened(place: Place) -> None:
    launch(place)
    kill(place)
    wait_for(place.serving, "SMS to serve again")
    wait_for(lambda: "die 137" in evidence.PIECES["events.txt"](place.environment, []), "the engine to tell")
    incident = taken(place)
    assert {piece.name for piece in incident.evidence.all()} == set(evidence.PIECES)
    assert "Application startup complete" in text(incident, "log.txt")
    assert len(text(incident, "log.txt").splitlines()) <= 50
    assert "1.18.1" in json.dumps(json.loads(text(incident, "inspect.json")))
    assert text(incident, "health.txt").count("HTTP 200") == 3
    assert "die 137" in text(incident, "events.txt")


def test_every_digest_and_size_is_that_of_its_file(process_place: Place) -> None:
    pieces = taken(process_place).evidence.all()
    assert len(pieces) == len(evidence.PIECES)
    for piece in pieces:
        data = Path(piece.path).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (piece.sha256, piece.size)
        assert evidence.read(piece) == data


def test_evidence_that_was_changed_is_not_shown(process_place: Place) -> None:
    piece = taken(process_place).evidence.get(name="log.txt")
    Path(piece.path).write_text("all was well\n")
    with pytest.raises(OpsError, match="was changed after it was taken"):
        evidence.read(piece)


def test_evidence_is_taken_once(process_place: Place) -> None:
    incident = taken(process_place)
    before = list(Evidence.objects.values())
    assert evidence.collect(incident) == []
    assert list(Evidence.objects.values()) == before
    notes = [entry.text for entry in incident.timeline.filter(kind="evidence")]
    assert notes == ["Evidence taken: log.txt, inspect.json, health.txt, events.txt."]


def test_a_missing_piece_alone_is_taken_again(process_place: Place) -> None:
    incident = taken(process_place)
    incident.evidence.get(name="health.txt").delete()
    assert [piece.name for piece in evidence.collect(incident)] == ["health.txt"]


def test_evidence_is_for_nobody_else_to_read(process_place: Place) -> None:
    incident = taken(process_place)
    folder = Path(settings.SMSOPS_EVIDENCE_DIR) / f"incident-{incident.pk}"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name.partition("-")[2] for path in folder.iterdir()} == set(evidence.PIECES)


@pytest.mark.docker
def test_what_cannot_be_taken_is_noted_and_the_rest_is_taken(
    docker_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(settings, "SMSOPS_DOCKER_HOST", "tcp://127.0.0.1:1")
        incident = taken(docker_place)
    assert [piece.name for piece in incident.evidence.all()] == ["health.txt"]
    notes = [entry.text for entry in incident.timeline.filter(kind="evidence")]
    assert notes[0].startswith("log.txt could not be taken: The Docker Engine does not answer.")


def test_secrets_are_known_from_the_env_file_and_the_smoke_account(process_place: Place) -> None:
    known = known_secrets(process_place.environment)
    assert {SECRET_KEY, ADMIN[1]} <= set(known)


def test_an_unreadable_env_file_does_not_keep_evidence_from_being_taken(environment: Environment) -> None:
    environment.env_file = "/no/such/file"
    assert known_secrets(environment) == []


def test_evidence_taken_by_several_workers_at_once_is_what_its_digest_says(process_place: Place) -> None:
    launch(process_place)
    incident = incidents.report(process_place.environment, LATE)[0]
    assert forked(8, lambda: evidence.collect(incident)) == [0] * 8
    read = {piece.name: evidence.read(piece) for piece in incident.evidence.all()}
    assert read.keys() == evidence.PIECES.keys()


@pytest.mark.docker
def test_evidence_that_cannot_be_taken_is_noted_once(docker_place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = incidents.report(docker_place.environment, LATE)[0]
    with monkeypatch.context() as patch:
        patch.setattr(settings, "SMSOPS_DOCKER_HOST", f"tcp://127.0.0.1:{free_port()}")
        for _ in range(3):
            evidence.collect(incident)
    notes = [entry.text for entry in incident.timeline.all() if entry.text.startswith("log.txt could not be taken")]
    assert len(notes) == 1
