"""What the tests of the runbook share."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from tests.ops.terminal import Said, Terminal


@pytest.fixture(autouse=True)
def own_instances(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instances made by one test stay in its own folder."""
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path / "smsops")


@pytest.fixture
def ops(capsys: pytest.CaptureFixture[str]) -> Terminal:
    """Type a command in this process, inside the test's transaction."""

    def type_in(*words: object) -> Said:
        capsys.readouterr()
        code = 0
        try:
            call_command("ops", *map(str, words))
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return type_in
