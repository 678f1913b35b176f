"""What the tests of the API share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from smsops.api import rates


@pytest.fixture(autouse=True)
def own_instances(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instances made by one test stay in its own folder."""
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path / "smsops")


@pytest.fixture(autouse=True)
def nobody_has_asked() -> Iterator[None]:
    """How often tokens of other tests asked counts for nothing here."""
    rates.forget()
    yield
    rates.forget()
