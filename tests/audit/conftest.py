"""What the tests of the audit trail share with those of the commands."""

from __future__ import annotations

import pytest

from smsops.audit import sign_in
from tests.ops.conftest import ops

__all__ = ["ops"]


@pytest.fixture(autouse=True)
def nobody_was_refused_lately(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many sign-ins of other tests were refused in this minute."""
    monkeypatch.setattr(sign_in, "_refused", sign_in._Refused())
