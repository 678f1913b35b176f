"""What the tests of the first run share."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from tests.places import free_port


@pytest.fixture(autouse=True)
def own_instances(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instances made by one test stay in its own folder, and no engine of this machine is looked into unless asked."""
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path / "smsops")
    monkeypatch.setattr(settings, "SMSOPS_DOCKER_HOST", f"tcp://127.0.0.1:{free_port()}")
