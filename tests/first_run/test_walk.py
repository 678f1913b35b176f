"""A newcomer in a real browser: from an empty installation to a verified backup of an SMS that smsops did not start."""

from __future__ import annotations

import re
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from backups import selectors
from backups.models import Backup
from backups.services import first_run
from demo.native import Native
from docs.pictures.browser import PHONE, Browser
from smsops import health
from smsops.models import Environment
from tests.machine.engine import IMAGE, OWN_LABEL
from tests.places import free_port, wait_for
from tests.walks.person import Hands
from tests.walks.watching import the_same_page
from tests.workers.conftest import working

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

FEW_MINUTES = 600.0  # seconds: what a newcomer has


def walk(window: Browser, title: str) -> Environment:
    """The whole way, as a newcomer goes it; nothing is typed but the name and the title."""
    began, page, person = time.monotonic(), window.page, Hands(window)
    expect(page.get_by_role("heading", name="No environment yet")).to_be_visible()
    person.press("Add your first environment")
    window.turn(page.get_by_role("link", name=title).click)
    person.fill(name="school", title="Our school")
    person.press("Add it and test the connection")
    with the_same_page(window):
        expect(page.get_by_text(re.compile(r"^Asked "))).to_be_visible(timeout=120_000)
    person.press("Take the first backup")
    with the_same_page(window):
        expect(page.locator("#live").get_by_text("Verified backup, restorable")).to_be_visible(timeout=240_000)
    took = time.monotonic() - began
    print(f"from an empty installation to a verified backup: {took:.0f} s")
    assert took < FEW_MINUTES
    return Environment.objects.get(name="school")


def test_an_sms_that_runs_natively(
    window: Browser, root: str, releases_path: Path, school: Path, tmp_path: Path
) -> None:
    database = Path(shutil.copy2(school, tmp_path))
    with Native(releases_path / "1.18.1", database) as sms, working(tmp_path):
        sms.started()
        environment = walk(window, f"process {sms.process.pid},")
        assert window.page.get_by_text("✓ Works").count() > 0
        Hands(window).press("Switch them on")
        assert window.page.get_by_text("Every 15 minutes.", exact=True).is_visible()
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
    port = free_port()
    volume = client.volumes.create(name, labels={OWN_LABEL: "1"})
    data = Path(volume.attrs["Mountpoint"])
    shutil.copy2(school, data)
    for path in (data, data / school.name):
        shutil.chown(path, 1000, 1000)
    made = client.containers.run(
        f"{IMAGE}:1.18.1", name=name, detach=True, labels={OWN_LABEL: "1"}, volumes={name: {"bind": "/data"}},
        ports={"8000/tcp": port}, environment={"SECRET_KEY": "k" * 48, "SMS_EXECUTION_MODE": "docker"},
    )  # fmt: skip
    try:
        wait_for(lambda: health.look(f"http://127.0.0.1:{port}").good, "SMS in its container", 120)
        yield made
    finally:
        made.remove(force=True)
        volume.remove()
        client.close()


@pytest.mark.docker
def test_an_sms_in_a_container(window: Browser, container: Any, root: str, tmp_path: Path) -> None:
    with working(tmp_path, SMSOPS_DOCKER_HOST=settings.SMSOPS_DOCKER_HOST):
        environment = walk(window, container.name)
    assert (environment.volume, environment.image) == (container.name, IMAGE)
    assert window.page.get_by_text("✓ Works").count() == 5
    assert window.said == []
    proven(environment)
