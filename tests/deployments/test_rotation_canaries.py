"""Neither the old nor the new key is to be seen anywhere: rows, evidence, logs, pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.urls import reverse

from deployments.models import ConfigSnapshot
from deployments.services import rotations
from incidents.models import Incident
from incidents.services import log_archive
from smsops import secret_keys
from smsops.models import Environment, Run, RunState
from smsops.runs.plan import By
from tests.admin.browser import Browser, changelist, door
from tests.factories import make_admin
from tests.incidents.voices import texts
from tests.ops.conftest import ops as ops
from tests.ops.terminal import Terminal
from tests.places import SECRET_KEY, Place, drive

NEW = "wR7kD2mX9pL4sV8nB1cZ6tY3gH5jF0qA-u_eJ7iK4oN9rW2xS8vC1bM6zT3yG5hD"


@pytest.fixture
def rotated(process_place: Place, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A rotation to a key we know, which was undone: the new SMS did not like its settings, and said which."""
    process_place.deploy("1.18.1")
    monkeypatch.setattr(secret_keys, "generate", lambda: NEW)
    # SMS names a setting it cannot read together with its value; what has no secret name is not known to be a secret
    process_place.add_env(RATE_LIMIT_READ=SECRET_KEY, HARMLESS=NEW)
    run = drive(rotations.start(process_place.environment, By(name="test")))
    assert run.state == RunState.UNDONE
    return run


@pytest.fixture
def done(process_place: Place, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A rotation that went well, to a key we know."""
    process_place.deploy("1.18.1")
    monkeypatch.setattr(secret_keys, "generate", lambda: NEW)
    run = drive(rotations.start(process_place.environment, By(name="test")))
    assert run.state == RunState.SUCCEEDED, run.headline
    return run


def rows() -> str:
    """Everything in the database, as it lies there."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found.append(f"{table}: {cursor.fetchall()}")
    return "\n".join(found)


def files() -> str:
    """Everything smsops wrote into its own folders."""
    folders = [Path(getattr(settings, f"SMSOPS_{name}_DIR")) for name in ("EVIDENCE", "LOGS", "WORK")]
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return "\n".join(f"{path.name} {path.read_bytes().decode('latin-1')}" for path in paths)


def pages(run: Run) -> str:
    """What a person sees of it."""
    browser = Browser(make_admin())
    objects: list[Any] = [run, run.environment, *ConfigSnapshot.objects.all(), *Incident.objects.all()]
    addresses = [each.get_absolute_url() for each in objects]
    addresses += [changelist(each) for each in (Run, Environment, ConfigSnapshot, Incident)]
    addresses += [
        reverse("admin:smsops_run_live", args=[run.pk]),
        door(run.environment, "rotate-key"),
    ]
    return "\n".join(browser.get(address).html for address in addresses)


def keys_in(text: str) -> list[str]:
    assert len(text) > 1000
    return [key for key in (SECRET_KEY, NEW) if key in text]


def test_rows_and_files_hold_no_key_after_a_rotation(done: Run, caplog: pytest.LogCaptureFixture) -> None:
    log_archive.collect(done.environment)
    assert "rotation.write" in rows()
    assert keys_in(rows()) == []
    assert keys_in(files() + caplog.text) == []


def test_rows_and_files_hold_no_key_after_an_undone_one(rotated: Run, caplog: pytest.LogCaptureFixture) -> None:
    assert "inspect.json" in files()
    assert keys_in(rows()) == []
    assert keys_in(files() + caplog.text) == []


def test_the_archive_of_logs_holds_no_key_although_sms_said_it(rotated: Run) -> None:
    log_archive.collect(rotated.environment)
    told = "\n".join(texts(rotated.environment))
    assert "must be a whole number, not" in told
    assert keys_in(told) == []


@pytest.mark.parametrize("ending", ["done", "rotated"])
def test_no_page_shows_a_key(ending: str, request: pytest.FixtureRequest) -> None:
    run = request.getfixturevalue(ending)
    shown = pages(run)
    assert "Rotate SECRET_KEY" in shown
    assert keys_in(shown) == []
    assert "aesgcm1" not in shown


def test_no_command_says_a_key(done: Run, ops: Terminal) -> None:
    name = done.environment.name
    said = [ops("run", done.pk, "--json"), ops("config", name, "--diff", "1", "now"), ops("check", name)]
    assert "SMS signs with the SECRET_KEY it had." in said[-1].out
    assert keys_in("".join(each.out + each.err for each in said)) == []
