"""What the tests share: real parts where they are needed, and a clear word where they are missing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.signals import request_finished
from django.db import connection
from django.db.models.signals import post_migrate
from django.dispatch import receiver
from django.urls import reverse
from playwright.sync_api import expect
from pytest_django import DjangoDbBlocker

from demo import repository as demo_repository
from demo.seeding import Order, make
from docs.pictures.browser import PATIENCE, Browser
from smsops import afterwards
from tests.machine import parts
from tests.machine.__main__ import REPOSITORY
from tests.places import ADMIN, DockerPlace, Place, ProcessPlace

LACKING = {part.marker for part in parts.missing()}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes begins first, and by turns in each of the processes (each gets as many neighbours of the
    list), so that nobody waits for it alone at the end."""
    slow = [item for item in items if item.get_closest_marker("slow")]
    quick = [item for item in items if not item.get_closest_marker("slow")]
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    ordered: list[pytest.Item] = []
    for number in range(processes):
        share = (len(items) - len(ordered)) // (processes - number)
        begin = slow[number::processes]
        fill = len(quick) if number == processes - 1 else max(0, share - len(begin))
        ordered += begin + quick[:fill]
        del quick[:fill]
    items[:] = ordered


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test whose parts are missing is skipped with a reason; with CI set it fails: nothing may be skipped there."""
    wanted = [marker.name for marker in item.iter_markers() if marker.name in LACKING]
    if not wanted:
        return
    reason = f"needs {', '.join(wanted)}; “make test” installs it on Debian as root"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Tests with real transactions empty every table, which the database would refuse for the audit trail: its own
    refusal has tests of its own (tests/audit/test_guards.py)."""
    audit = import_module("smsops.migrations.0012_audit")
    with django_db_blocker.unblock():
        audit.unguard(apps, connection.schema_editor())


@receiver(post_migrate, sender=list(apps.get_app_configs())[-1])
def know_the_models(using: str, **_: object) -> None:
    """A test with real transactions empties this table too, and Django forgets its rows with it: the test after it
    would pay the questions that find them again, and tests that count questions would depend on their neighbours."""
    ContentType.objects.db_manager(using).get_for_models(*apps.get_models())


@pytest.fixture(scope="session")
def repository() -> Path:
    """A git repository with every release of the demo SMS."""
    demo_repository.build(REPOSITORY)
    return REPOSITORY


@pytest.fixture(scope="session")
def releases_path(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every release unpacked, as the process runtime runs them."""
    from deployments import versions
    from deployments.sources.git import Repository

    folder = tmp_path_factory.mktemp("releases")
    source = Repository(str(repository))
    for tag in source.tags():
        source.unpack(tag, folder / versions.normal(tag.name))
    return folder


@pytest.fixture(scope="session")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A seeded database to copy: 200 students, the smoke account present."""
    database = tmp_path_factory.mktemp("school") / "student_management.db"
    make(Order(database, students=200, admin=ADMIN))
    return database


@pytest.fixture
def process_place(
    tmp_path: Path, repository: Path, releases_path: Path, school: Path, transactional_db: None
) -> Iterator[Place]:
    """An SMS installation run natively, with a school in it, nothing deployed yet."""
    place = ProcessPlace(tmp_path, repository, school, releases_path)
    yield place
    place.clear()


@pytest.fixture
def docker_place(tmp_path: Path, repository: Path, school: Path, transactional_db: None) -> Iterator[Place]:
    """The same as a container."""
    place = DockerPlace(tmp_path, repository, school)
    yield place
    place.clear()


# The migrations that bring rows, and the function in each that adds those that are missing.
SHIPPING = {
    "0007_shipped_playbooks": "ship", "0008_after_an_incident": "fill", "0010_matrix": "add", "0012_detection": "ship",
    "0013_severity_and_roles": "fill",
}  # fmt: skip


@pytest.fixture
def shipped_rows(db: None) -> None:
    """The rows smsops comes with, whatever other tests left: those with real transactions empty every table."""
    for name, function in SHIPPING.items():
        getattr(import_module(f"incidents.migrations.{name}"), function)(apps, connection.schema_editor())


BOTH = ["process", pytest.param("docker", marks=pytest.mark.docker)]


@pytest.fixture(params=BOTH)
def place(request: pytest.FixtureRequest, transactional_db: None) -> Place:
    """An SMS installation on each runtime in turn."""
    found: Place = request.getfixturevalue(f"{request.param}_place")
    return found


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Vault, work folder, evidence and logs of one test are its own."""
    for name in ("VAULT", "KEYS", "WORK", "EVIDENCE", "LOGS", "AUDIT"):
        monkeypatch.setattr(settings, f"SMSOPS_{name}_DIR", tmp_path / name.lower())


@pytest.fixture
def asked_behind_its_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in an installation: what is asked after a response has gone out costs no page anything; nobody asks here."""
    monkeypatch.setattr(settings, "SMSOPS_WEB_SWEEPS", True)
    request_finished.disconnect(dispatch_uid="smsops.afterwards")
    yield
    request_finished.connect(afterwards.look, dispatch_uid="smsops.afterwards")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a process."""
    expect.set_options(timeout=PATIENCE * 1000)
    with Browser() as browser:
        yield browser


@pytest.fixture
def window(chromium: Browser) -> Iterator[Browser]:
    """A window in which nobody was before, at a desk, by day. Its page is left with the test: a live one would go on
    asking the server of the next."""
    chromium.anew()
    chromium.look()
    yield chromium
    chromium.page.goto("about:blank")


@pytest.fixture
def root(window: Browser, live_server: Any, admin_user: Any) -> str:
    """The address of the admin, to which somebody who may do everything is signed in."""
    window.open(live_server.url + reverse("admin:login"))
    window.submit("#login-form", username=admin_user.username, password="password")
    window.said.clear()
    return str(live_server.url)
