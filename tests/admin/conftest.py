"""What the tests of the admin share."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings


@pytest.fixture(autouse=True)
def own_instances(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instances made by one test stay in its own folder."""
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path / "smsops")
