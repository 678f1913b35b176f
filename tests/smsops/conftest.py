"""What the kernel's tests share: an environment, a stage for its runs, threads, and servers on the loopback."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from smsops import signals
from smsops.models import Environment
from tests.smsops import stages
from tests.smsops.stages import Acting, Stage


@pytest.fixture
def environment(db: None, tmp_path: Path) -> Environment:
    """An environment with a queue nobody else sends to."""
    return Environment.objects.create(
        name="school",
        runtime="process",
        volume="",
        data_path=str(tmp_path / "data"),
        releases_path=str(tmp_path / "releases"),
        queue=f"q-{uuid.uuid4().hex[:12]}",
    )


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Stage]:
    """The kernel alone: its runs are played on this stage, and nobody above listens."""
    stages.register()
    found = Stage(tmp_path)
    monkeypatch.setattr(Acting, "stage", found, raising=False)
    for signal in (signals.run_undoing, signals.run_ended):
        monkeypatch.setattr(signal, "receivers", [])
    # Long enough that a test inside a transaction is never renewed from another connection.
    settings.SMSOPS_LEASE_SECONDS = 60
    yield found
