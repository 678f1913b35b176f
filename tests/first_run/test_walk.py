"""A newcomer in a real browser: from an empty installation to a verified backup of an SMS that smsops did not start."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import pytest
from django.conf import settings
from django.urls import reverse

from backups import selectors
from backups.models import Backup
from backups.services import first_run
from demo.native import Native
from docs.pictures.browser import PHONE, Browser
from smsops.models import Environment
from tests.factories import make_admin
from tests.machine.engine import IMAGE, OWN_LABEL
from tests.places import free_port, wait_for
from tests.workers.conftest import Crew

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

FEW_MINUTES = 600.0  # seconds: what a newcomer has
TEXT = "document.body.innerText"


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    """One browser for all tests here."""
    with Browser() as browser:
        yield browser


@pytest.fixture
def root(window: Browser, live_server: Any) -> str:
    """The address of an empty admin, to which its first superuser is signed in."""
    user = make_admin()
    window.look()
    window.open(live_server.url + reverse("admin:login"))
    window.submit("#login-form", username=user.username, password="secret")
    window.said.clear()
    return str(live_server.url)


@contextmanager
def crew(folder: Path) -> Iterator[None]:
    """A worker and beat, as the README has them started."""
    found = Crew("folder://localhost/", folder, SMSOPS_DOCKER_HOST=settings.SMSOPS_DOCKER_HOST)
    found.worker()
    found.beat()
    try:
        yield
    finally:
        found.end()


def press(window: Browser, selector: str) -> None:
    """Click on what the selector finds, and wait for the page behind it."""
    window._after(lambda: window.run(f"document.querySelector({selector!r}).click()"))


def walk(window: Browser, root: str, title: str) -> Environment:
    """The whole way, as a newcomer goes it; nothing is typed in but the name."""
    began = time.monotonic()
    assert "No environment yet" in window.run(TEXT)
    press(window, f'a[href="{reverse("admin:backups_first_run")}"]')
    found = f"[...document.querySelectorAll('a[href*=\"found=\"]')].find(each => each.innerText.includes({title!r}))"
    window._after(lambda: window.run(f"{found}.click()"))
    window.submit(".first-form", name="school", title="Our school")
    wait_for(lambda: "Asked" in window.run(TEXT), "the connection to be asked", 120)
    press(window, "#take")
    wait_for(lambda: "Verified backup, restorable" in window.run(TEXT), "the proof", 240)
    took = time.monotonic() - began
    print(f"from an empty installation to a verified backup: {took:.0f} s")
    assert took < FEW_MINUTES
    return Environment.objects.get(name="school")


def test_an_sms_that_runs_natively(
    window: Browser, root: str, releases_path: Path, school: Path, tmp_path: Path
) -> None:
    database = Path(shutil.copy2(school, tmp_path))
    with Native(releases_path / "1.18.1", database) as sms, crew(tmp_path):
        sms.started()
        environment = walk(window, root, f"process {sms.process.pid}")
        assert "✓ Works" in window.run(TEXT)
        press(window, "#schedule")
        assert "Every 15 minutes." in window.run(TEXT)
        narrow(window, root, environment)
    assert window.said == []
    proven(environment)


def narrow(window: Browser, root: str, environment: Environment) -> None:
    """Neither the first run nor the runbook is wider than a telephone."""
    window.look(PHONE)
    for page in (
        reverse("admin:backups_first_run"),
        reverse("admin:backups_first_run_of", args=[environment.name]),
        reverse("admin:incidents_runbook_of", args=[environment.name]),
        reverse("admin:incidents_runbook_note", args=[environment.name, "4.1"]),
    ):
        window.open(root + page)
        assert window.run("document.documentElement.scrollWidth") <= PHONE[0], page


def proven(environment: Environment) -> None:
    """What the page says is so: one backup, whole in the vault, with every student in it."""
    way = first_run.way(environment)
    assert way.proven
    backup = Backup.objects.get()
    assert backup.row_counts["students"] == 200
    assert backup.identifier in selectors.vault_of(environment).identifiers()


@pytest.fixture
def container(school: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """SMS as a container that somebody started by hand."""
    host = "unix:///var/run/docker.sock"
    monkeypatch.setattr(settings, "SMSOPS_DOCKER_HOST", host)
    client, name = docker.DockerClient(base_url=host), f"smsops-tests-{uuid.uuid4().hex[:8]}"
    volume = client.volumes.create(name, labels={OWN_LABEL: "1"})
    data = Path(volume.attrs["Mountpoint"])
    shutil.copy2(school, data)
    for path in (data, data / school.name):
        shutil.chown(path, 1000, 1000)
    made = client.containers.run(
        f"{IMAGE}:1.18.1", name=name, detach=True, labels={OWN_LABEL: "1"}, volumes={name: {"bind": "/data"}},
        ports={"8000/tcp": free_port()}, environment={"SECRET_KEY": "k" * 48, "SMS_EXECUTION_MODE": "docker"},
    )  # fmt: skip
    yield made
    made.remove(force=True)
    volume.remove()
    client.close()


@pytest.mark.docker
def test_an_sms_in_a_container(window: Browser, container: Any, root: str, tmp_path: Path) -> None:
    with crew(tmp_path):
        environment = walk(window, root, container.name)
    assert (environment.volume, environment.image) == (container.name, IMAGE)
    assert window.run(TEXT).count("✓ Works") == 5
    assert window.said == []
    proven(environment)
