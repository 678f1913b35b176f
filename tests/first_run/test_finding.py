"""What is read off an SMS that somebody else started: a container by its engine, a process by the kernel."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from demo.native import SECRET_KEY, Native
from smsops.environments import discovery
from smsops.runtimes import docker_finding, process_finding
from smsops.runtimes.finding import Found, sqlite_file
from tests.factories import CANARY, make_environment
from tests.places import free_port


def a_container(**changes: Any) -> dict[str, Any]:
    """What an engine says of SMS as DOCKER.ps1 starts it (sms-contract §6)."""
    config = {"Image": "sms-fullstack:1.18.0", "Env": ["SMS_ENV=production", f"SECRET_KEY={CANARY}"],
              "ExposedPorts": {"8000/tcp": {}}, "Labels": {}}  # fmt: skip
    host = {"PortBindings": {"8000/tcp": [{"HostIp": "", "HostPort": "8090"}]}, "Memory": 4 * 1024**3}
    mounts = [{"Type": "volume", "Name": "sms_data", "Destination": "/data"}]
    told = {"Id": "c" * 64, "Name": "/sms-app", "Config": config, "HostConfig": host, "Mounts": mounts,
            "State": {"Status": "running"}}  # fmt: skip
    return {**told, **changes}


def read(**changes: Any) -> Found:
    return docker_finding._found(a_container(**changes))


def test_a_container_tells_its_image_volume_ports_memory_and_database() -> None:
    fields = dict(read().fields)
    assert fields.items() >= {
        "runtime": "docker", "instance": "sms-app", "image": "sms-fullstack", "volume": "sms_data",
        "host_port": 8090, "container_port": 8000, "base_url": "http://127.0.0.1:8090", "memory_limit_mb": 4096,
        "database_engine": "sqlite", "database_file": "student_management.db",
    }.items()  # fmt: skip


def test_no_secret_of_a_container_is_in_what_is_shown() -> None:
    url = f"DATABASE_URL=postgresql://sms:{CANARY}@db/sms"
    config = {"Image": "sms-fullstack:1", "Env": [url, f"SECRET_KEY={CANARY}"]}
    found = read(Config=config)
    assert found.address == url.partition("=")[2]
    assert CANARY not in repr(found)
    assert CANARY not in f"{found.fields}{found.why}{found.lacking}"
    assert found.fields["database_engine"] == "postgresql"


def test_a_database_elsewhere_on_the_volume_is_found_there() -> None:
    config = {"Image": "sms-fullstack:1", "Env": ["DATABASE_URL=sqlite:////data/school/sms.db"]}
    assert read(Config=config).fields["database_file"] == "school/sms.db"


def test_data_in_a_folder_of_the_host_is_said_to_be_no_volume() -> None:
    found = read(Mounts=[{"Type": "bind", "Source": "/srv/sms", "Destination": "/data"}])
    assert found.fields["volume"] == ""
    assert any("/srv/sms, not in a volume" in line for line in found.lacking)


def test_what_has_only_one_sign_of_sms_is_none() -> None:
    config = {"Image": "postgres:16", "Env": [], "ExposedPorts": {"5432/tcp": {}}}
    found = read(Config=config, Name="/db", Mounts=[{"Name": "x", "Destination": "/data"}], HostConfig={})
    assert len(found.why) < docker_finding.ENOUGH


@pytest.mark.parametrize(
    ("named", "parts"),
    [
        ("sms-fullstack:1.18.0", ("sms-fullstack", "1.18.0")),
        ("registry.school.example:5000/sms-fullstack", ("registry.school.example:5000/sms-fullstack", "latest")),
        ("registry.school.example:5000/sms:2", ("registry.school.example:5000/sms", "2")),
        ("sms@sha256:abc", ("sms", "latest")),
    ],
)
def test_an_image_is_named_without_its_tag(named: str, parts: tuple[str, str]) -> None:
    assert docker_finding._image(named) == parts


def test_a_relative_database_counts_from_the_folder_sms_runs_in() -> None:
    assert sqlite_file("sqlite:///data/x.db", "/srv/sms") == "/srv/sms/data/x.db"
    assert sqlite_file("sqlite:////data/x.db", "/srv/sms") == "/data/x.db"
    assert sqlite_file("postgresql://db/sms", "/srv/sms") == ""


def test_a_process_tells_its_release_database_and_port(releases_path: Path, school: Path, tmp_path: Path) -> None:
    database = Path(shutil.copy2(school, tmp_path))
    with Native(releases_path / "1.18.1", database) as sms:
        sms.started()
        found = next(each for each in process_finding.find() if each.fields["host_port"] == sms.port)
        fields = dict(found.fields)
    assert fields.items() >= {
        "runtime": "process", "data_path": str(tmp_path), "database_file": database.name,
        "releases_path": str(releases_path), "base_url": f"http://127.0.0.1:{sms.port}",
    }.items()  # fmt: skip
    assert "release 1.18.1" in found.title
    assert SECRET_KEY not in repr(found)


@pytest.mark.django_db
def test_an_engine_that_is_away_is_said_and_hides_no_process(settings: Any) -> None:
    settings.SMSOPS_DOCKER_HOST = f"tcp://127.0.0.1:{free_port()}"
    (trouble,) = discovery.look().troubles
    assert trouble.startswith("The Docker Engine does not answer.")


@pytest.mark.django_db
def test_what_an_environment_is_about_already_is_said() -> None:
    known = make_environment(runtime="docker", volume="sms_data", data_path="")
    assert f"“{known.name}” is about this database already" in discovery._taken(read())
