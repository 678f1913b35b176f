"""`ops monitoring`, and tokens that go into files."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from incidents.models import AlertSource, token_digest
from incidents.monitoring.stack import DASHBOARD, RULES
from smsops.models import Environment
from tests.factories import CANARY, make_environment
from tests.ops.terminal import Terminal


@pytest.fixture
def demo(transactional_db: None) -> Environment:
    return make_environment(name="demo", base_url="http://127.0.0.1:8080")


def test_rules_and_dashboard_are_printed_as_they_are(ops: Terminal) -> None:
    assert ops("monitoring", "rules").out == RULES.read_text()
    assert json.loads(ops("monitoring", "grafana").out) == json.loads(DASHBOARD.read_text())


def test_the_configurations_have_the_addresses_of_this_installation_and_no_token(
    ops: Terminal, demo: Environment, settings: Any
) -> None:
    settings.SMSOPS_METRICS_TOKEN, settings.SMSOPS_PUBLIC_URL = CANARY, "https://ops.school.example/"
    asked = ops("monitoring", "prometheus", "--tokens", "/etc/here/")
    assert "- ops.school.example\n" in asked.out
    assert ("- 127.0.0.1:8080" in asked.out, "environment: demo" in asked.out) == (True, True)
    assert "credentials_file: /etc/here/metrics.token" in asked.out
    told = ops("monitoring", "alertmanager", "--to", "ops@school.example", "--json").document["text"]
    assert "url: https://ops.school.example/alerts/alertmanager\n" in told
    assert "to: ops@school.example" in told
    assert CANARY not in asked.out + told


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["alertmanager"], "There is no environment yet"),
        (["rules", "--address", "ops.school.example"], "“ops.school.example” is no address"),
    ],
)
def test_wrong_use_is_told_in_a_sentence(
    ops: Terminal, transactional_db: None, words: list[str], complaint: str
) -> None:
    said = ops("monitoring", *words)
    assert (said.code, complaint in said.complaint) == (2, True)


def test_a_token_may_go_into_a_file_that_its_owner_alone_reads_and_nowhere_else(
    ops: Terminal, demo: Environment, tmp_path: Path
) -> None:
    path = tmp_path / "demo.token"
    said = ops("source", "demo", "prometheus", "alertmanager", "--token-file", path)
    token = path.read_text().strip()
    assert token_digest(token) == AlertSource.objects.get().token_sha256
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (said.code, token in said.out) == (0, False)


def test_a_file_that_is_there_or_a_source_that_is_refused_changes_nothing(
    ops: Terminal, demo: Environment, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    assert "there" in ops("source", "demo", "a", "alertmanager", "--token-file", there).complaint
    assert ops("source", "demo", "a", "pigeon", "--token-file", tmp_path / "new").code == 2
    assert (there.read_text(), (tmp_path / "new").exists()) == ("mine", False)
    assert not AlertSource.objects.exists()
