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

from smsops import queues, secret_files

ROOT = Path(__file__).resolve().parents[2]
FILE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
SOCKET = "docker.sock"
PAGING = set(re.findall(r"SMSOPS_EMAIL_[A-Z]+|SMSOPS_PUBLIC_URL", (ROOT / "smsops" / "settings.py").read_text()))
OIDC = {name: value for name, value in SERVICES["web"]["environment"].items() if "OIDC" in name}
SIGN_ON = set(re.findall(r"SMSOPS_OIDC_[A-Z_]+", (ROOT / "smsops" / "settings.py").read_text()))
ONCE = {"prepare", "migrate", "secrets"}  # these end
BESIDE = {"worker", "follow"}


def test_only_the_door_has_the_engine_s_socket() -> None:
    assert [name for name, service in SERVICES.items() if SOCKET in str(service)] == ["engine-door"]


@pytest.mark.parametrize("name", sorted(BESIDE))
def test_the_worker_and_the_follower_go_through_the_door(name: str) -> None:
    assert SERVICES[name]["environment"]["SMSOPS_DOCKER_HOST"] == "unix:///run/smsops/engine.sock"
    assert "engine_door:/run/smsops" in SERVICES[name]["volumes"]


def test_web_looks_through_the_window_and_changes_nothing_of_sms() -> None:
    found = SERVICES["web"]
    assert found["environment"]["SMSOPS_DOCKER_HOST"] == "unix:///run/smsops-window/engine.sock"
    assert "engine_window:/run/smsops-window" in found["volumes"] and "engine_door" not in str(found["volumes"])
    assert [each for each in found["volumes"] if "sms_data:" in each or "SMS_FOLDER" in each] == [
        "${SMS_FOLDER:-/srv/sms}:${SMS_FOLDER:-/srv/sms}:ro",
        "sms_data:/var/lib/sms:ro",
    ]


@pytest.mark.parametrize("name", sorted(set(SERVICES) - BESIDE - {"web", "engine-door"}))
def test_the_others_have_neither_the_engine_nor_the_door(name: str) -> None:
    assert "engine" not in str(SERVICES[name].get("volumes")) + str(SERVICES[name].get("environment"))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_bounded(name: str) -> None:
    found = SERVICES[name]
    assert (found["read_only"], found["cap_drop"]) == (True, ["ALL"])
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert found["mem_limit"] and found["pids_limit"] and found["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_only_who_needs_it_is_root(name: str) -> None:
    root = str(SERVICES[name]["user"]).partition(":")[0] in ("root", "0")
    assert root == (name in BESIDE | {"engine-door", "prepare", "secrets"})


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONCE))
def test_every_service_that_stays_is_asked_whether_it_is_well(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONCE - {"db", "redis", "edge", "engine-door"}))
def test_nobody_begins_before_the_database_is_migrated(name: str) -> None:
    assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"edge", "alerts"}))
def test_only_the_edge_and_the_door_for_alerts_have_a_port(name: str) -> None:
    assert "ports" not in SERVICES[name]
    assert [each[:10] for each in SERVICES["alerts"]["ports"]] == ["127.0.0.1:"]


def test_postgresql_and_redis_are_reached_by_smsops_alone() -> None:
    assert FILE["networks"]["inside"] == {"internal": True}
    assert SERVICES["db"]["networks"] == SERVICES["redis"]["networks"] == ["inside"]
    assert "networks" not in SERVICES["edge"]


def test_every_secret_is_a_file() -> None:
    given = [(name, key) for name, service in SERVICES.items() for key in service.get("environment", {})]
    wrong = [(name, key) for name, key in given if re.search("PASSWORD|SECRET|_KEY", key) and not key.endswith("_FILE")]
    assert wrong == []


def test_what_is_urgent_has_a_worker_of_its_own_and_the_other_takes_it_too() -> None:
    assert f"-Q {queues.URGENT} " in SERVICES["urgent"]["command"]
    assert "-Q" not in SERVICES["worker"]["command"]


def test_the_door_has_no_network_and_no_right() -> None:
    found = SERVICES["engine-door"]
    assert (found["network_mode"], found["read_only"], found["cap_drop"]) == ("none", True, ["ALL"])
    assert "secrets" not in found and "cap_add" not in found


@pytest.mark.parametrize("name", ["web", "alerts", "worker", "follow", "beat"])
def test_whoever_sends_pages_is_told_the_mail_server_and_the_address_of_the_links(name: str) -> None:
    given = SERVICES[name]["environment"]
    assert PAGING - {each.removesuffix("_FILE") for each in given} == set()
    assert "SMSOPS_EMAIL_PASSWORD" not in given  # what is in the environment is seen by `docker inspect`
    assert given["SMSOPS_EMAIL_PASSWORD_FILE"] == "/run/secrets/email_password"
    assert "email_password" in SERVICES[name]["secrets"]


@pytest.mark.parametrize("name", ["web", "worker", "migrate"])
def test_the_single_sign_on_is_handed_on_with_its_secret_as_a_file(name: str) -> None:
    given = SERVICES[name]["environment"]
    assert {each.removesuffix("_FILE") for each in given if "OIDC" in each} == SIGN_ON
    assert "SMSOPS_OIDC_CLIENT_SECRET" not in given
    assert given["SMSOPS_OIDC_CLIENT_SECRET_FILE"] == "/run/secrets/oidc_client_secret"
    assert "oidc_client_secret" in SERVICES[name]["secrets"]


def test_every_secret_a_service_has_is_a_file_that_the_command_makes() -> None:
    assert {name: told["file"] for name, told in FILE["secrets"].items()} == {
        name: f"./secrets/{name}" for name in (*secret_files.MADE, *secret_files.EMPTY)
    }


def test_without_a_provider_what_compose_hands_on_is_no_single_sign_on(tmp_path: Path) -> None:
    given = {key: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for key, value in OIDC.items()}
    empty = tmp_path / "oidc_client_secret"
    empty.touch()
    told = {
        **os.environ,
        **given,
        "SMSOPS_OIDC_CLIENT_SECRET_FILE": str(empty),
        "SMSOPS_DATA_DIR": str(tmp_path / "var"),
    }
    asked = "from smsops import settings as s; print(s.SMSOPS_OIDC_ISSUER, s.SMSOPS_OIDC_NAME, s.SMSOPS_OIDC_ROLES)"
    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, env=told, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "single sign-on {}"


def test_a_mail_password_in_a_file_is_its_line_without_the_end(tmp_path: Path) -> None:
    file = tmp_path / "email_password"
    file.write_text("hunter2 \n")
    told = {**os.environ, "SMSOPS_EMAIL_PASSWORD_FILE": str(file), "SMSOPS_DATA_DIR": str(tmp_path / "var")}
    asked = "from smsops.settings import EMAIL_HOST_PASSWORD as found; print(repr(found))"
    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, env=told, capture_output=True, text=True, check=True)
    assert said.stdout == "'hunter2 '\n"
