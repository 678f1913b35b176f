"""What the tests of the incidents share."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from incidents.models import Incident, Severity
from incidents.services import incidents
from incidents.services.incidents import Sign
from smsops.models import Environment
from tests.incidents.voices import Voice

LATE = Sign("late", Severity.MEDIUM, "Something is late", "It is an hour late.")


@pytest.fixture
def environment(db: None) -> Environment:
    """An environment without anything behind it; nobody answers at the discard port."""
    nowhere = {"data_path": "/nowhere", "releases_path": "/nowhere", "base_url": "http://127.0.0.1:9", "host_port": 9}
    return Environment.objects.create(name="demo", runtime="process", **nowhere)


@pytest.fixture
def moved_meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Whoever looks for a live incident from now on finds one that somebody else moves at this moment; once."""

    def begin(state: str) -> None:
        look, first = incidents.live, iter([True])

        def live(environment: Environment, fingerprint: str) -> Incident | None:
            found = look(environment, fingerprint)
            if found is not None and next(first, False):
                Incident.objects.filter(pk=found.pk).update(state=state)
            return found

        monkeypatch.setattr(incidents, "live", live)

    return begin


@pytest.fixture
def somebody(db: None) -> User:
    return User.objects.create_user("ada")


@pytest.fixture
def voice(tmp_path: Path, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Voice]:
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path / "smsops")
    voice = Voice(tmp_path)
    yield voice
    shutil.rmtree(voice.folder, ignore_errors=True)
