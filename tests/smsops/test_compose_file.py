"""The compose installation: which service may touch the Docker Engine, and by which way."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from smsops import queues

ROOT = Path(__file__).resolve().parents[2]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
SOCKET = "docker.sock"
PAGING = set(re.findall(r"SMSOPS_EMAIL_[A-Z]+|SMSOPS_PUBLIC_URL", (ROOT / "smsops" / "settings.py").read_text()))


def test_only_the_door_has_the_engine_s_socket() -> None:
    assert [name for name, service in SERVICES.items() if SOCKET in str(service)] == ["engine-door"]


@pytest.mark.parametrize("name", ["worker", "follow"])
def test_the_worker_and_the_follower_go_through_the_door(name: str) -> None:
    assert SERVICES[name]["environment"]["SMSOPS_DOCKER_HOST"] == "unix:///run/smsops/engine.sock"
    assert "engine_door:/run/smsops" in SERVICES[name]["volumes"]


@pytest.mark.parametrize("name", ["web", "alerts", "urgent", "beat"])
def test_the_others_have_neither_the_engine_nor_the_door(name: str) -> None:
    assert "engine" not in str(SERVICES[name].get("volumes")) + str(SERVICES[name]["environment"])


def test_what_is_urgent_has_a_worker_of_its_own_and_the_other_takes_it_too() -> None:
    assert f"-Q {queues.URGENT} " in SERVICES["urgent"]["command"]
    assert "-Q" not in SERVICES["worker"]["command"]


def test_the_door_has_no_network_and_no_right() -> None:
    found = SERVICES["engine-door"]
    assert (found["network_mode"], found["read_only"], found["cap_drop"]) == ("none", True, ["ALL"])
    assert "secrets" not in found


@pytest.mark.parametrize("name", ["web", "alerts", "worker", "follow", "beat"])
def test_whoever_sends_pages_is_told_the_mail_server_and_the_address_of_the_links(name: str) -> None:
    given = SERVICES[name]["environment"]
    assert PAGING - {each.removesuffix("_FILE") for each in given} == set()
    assert "SMSOPS_EMAIL_PASSWORD" not in given  # what is in the environment is seen by `docker inspect`
    assert given["SMSOPS_EMAIL_PASSWORD_FILE"] == "/run/secrets/email_password"
    assert "email_password" in SERVICES[name]["secrets"]


def test_a_mail_password_in_a_file_is_its_line_without_the_end(tmp_path: Path) -> None:
    file = tmp_path / "email_password"
    file.write_text("hunter2 \n")
    told = {**os.environ, "SMSOPS_EMAIL_PASSWORD_FILE": str(file), "SMSOPS_DATA_DIR": str(tmp_path / "var")}
    asked = "from smsops.settings import EMAIL_HOST_PASSWORD as found; print(repr(found))"
    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, env=told, capture_output=True, text=True, check=True)
    assert said.stdout == "'hunter2 '\n"
