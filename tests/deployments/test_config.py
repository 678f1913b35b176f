"""Config snapshots: taken by every deploy, stored once, compared without a value in sight."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from deployments.models import ConfigSnapshot
from deployments.services import config, rollbacks
from smsops.errors import OpsError, WrongUse
from smsops.models import Environment, JournalEntry, Run, RunState, Step
from smsops.runtimes.registry import runtime_for
from tests.admin.browser import Browser, changelist
from tests.factories import make_config_snapshot, make_environment, make_user, make_viewer
from tests.ops.conftest import ops as ops
from tests.ops.terminal import Terminal
from tests.places import SECRET_KEY, Place
from tests.runtimes.acts import create

CANARY = "canary-77aa-only-in-the-env-file"


@pytest.fixture
def environment(tmp_path: Path, transactional_db: None) -> Environment:
    """An environment with an env file and a compose file, and no SMS."""
    (tmp_path / "sms.env").write_text(f"SECRET_KEY={CANARY}\nAUTH_ENABLED=True\n")
    (tmp_path / "compose.yml").write_text(f"services: {{sms: {{image: sms, command: {CANARY}}}}}\n")
    return make_environment(env_file=str(tmp_path / "sms.env"), compose_file=str(tmp_path / "compose.yml"))


def taken(environment: Environment) -> ConfigSnapshot:
    return config.take(environment, runtime_for(environment), None)[0]


def names(changes: list[config.Change]) -> set[tuple[str, str, str]]:
    return {(each.part, each.name, each.change) for each in changes}


@pytest.mark.slow
def test_every_deploy_writes_the_configuration_down_and_a_rollback_will(process_place: Place) -> None:
    runs = [process_place.deploy("1.18.0"), process_place.deploy("1.18.1")]
    assert [run.state for run in runs] == [RunState.SUCCEEDED] * 2
    found = [ConfigSnapshot.objects.get(pk=run.facts["config.snapshot"]["config"]) for run in runs]
    assert [each.release_version for each in found] == ["", "1.18.0"]
    assert ("release", "release", "changed") in names(config.diff(*found))
    kinds = list(runs[1].steps.values_list("kind", flat=True))
    assert kinds.index("config.snapshot") < kinds.index("switch.stop")
    assert "config.snapshot" in [step.kind for step in rollbacks.plan(process_place.environment).steps]


def test_the_engines_facts_are_there_and_no_value_is_open(place: Place) -> None:
    create(place)
    found = config.look(place.environment, place.runtime)
    assert (found.release_version, found.running["SECRET_KEY"]) == ("1.18.1", config.fingerprint(SECRET_KEY))
    told = found.instance.get("memory_bytes") or found.instance["memory_limit_mb"]
    assert told in (1024, 1024 * 1024**2)
    if place.runtime_kind == "docker":
        assert found.instance["ports"] == [f"*:{place.port}->8000/tcp"]
        assert found.instance["restart_policy"] == "unless-stopped"
    assert SECRET_KEY not in str([found.variables, found.running, found.instance, found.fields])


def test_a_variable_that_the_running_sms_has_not_got_yet_is_named(process_place: Place) -> None:
    create(process_place)
    process_place.add_env(NEW_SWITCH="1")
    assert config.unapplied(config.look(process_place.environment, process_place.runtime)) == ["NEW_SWITCH"]


def test_what_is_like_the_last_one_is_not_stored_again(environment: Environment) -> None:
    first, second = taken(environment), taken(environment)
    assert (first, ConfigSnapshot.objects.count()) == (second, 1)
    environment.memory_limit_mb += 1
    assert taken(environment) != first


def test_a_difference_tells_names_and_never_values(environment: Environment) -> None:
    before = taken(environment)
    Path(environment.env_file).write_text("SECRET_KEY=another-canary-value\nADDED=1\n")
    Path(environment.compose_file).unlink()
    environment.compose_file, environment.host_port, environment.smoke_password = "", 8081, CANARY
    changes = config.diff(before, taken(environment))
    assert names(changes) == {
        ("variable", "SECRET_KEY", "changed"),
        ("variable", "ADDED", "added"),
        ("variable", "AUTH_ENABLED", "removed"),
        ("file", "compose file", "removed"),
        ("environment", "compose_file", "changed"),
        ("environment", "host_port", "changed"),
        ("environment", "smoke_password", "changed"),
    }
    assert [(each.before, each.after) for each in changes if each.name == "host_port"] == [("9", "8081")]
    assert "canary" not in str(changes)


def test_equal_values_have_equal_fingerprints_that_need_the_key(environment: Environment, settings: Any) -> None:
    one = config.fingerprint("True")
    assert (one == config.fingerprint("True"), one == config.fingerprint("true")) == (True, False)
    settings.FIELD_KEY = "another installation"
    assert config.fingerprint("True") != one


def test_no_value_is_readable_in_the_database(environment: Environment) -> None:
    taken(environment)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM deployments_configsnapshot")
        assert CANARY not in str(cursor.fetchall())


def test_the_files_come_back_as_they_were_for_their_owner_alone(environment: Environment, tmp_path: Path) -> None:
    before = {name: Path(path).read_bytes() for name, path in
              ((".env", environment.env_file), ("docker-compose.yml", environment.compose_file))}  # fmt: skip
    written = config.write_files(taken(environment), tmp_path / "out")
    assert {path.name: path.read_bytes() for path in written} == before
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
    with pytest.raises(WrongUse, match="nothing is written over"):
        config.write_files(taken(environment), tmp_path / "out")


def test_an_env_file_that_is_gone_stops_a_deploy_before_anything_else(environment: Environment) -> None:
    Path(environment.env_file).unlink()
    with pytest.raises(OpsError, match="cannot be read: No such file"):
        taken(environment)


def test_the_command_lists_compares_and_saves(ops: Terminal, environment: Environment, tmp_path: Path) -> None:
    first = taken(environment)
    Path(environment.env_file).write_text(f"SECRET_KEY={CANARY}2\n")
    listed = ops("config", environment.name, "--json").document
    assert [each["snapshot"] for each in listed] == [first.pk]
    said = ops("config", environment.name, "--diff", first.pk, "now")
    assert [line.split() for line in said.lines[1:]] == [
        ["variable", "AUTH_ENABLED", "removed"],
        ["variable", "SECRET_KEY", "changed"],
    ]
    saved = ops("config", environment.name, "--save", first.pk, "--to", tmp_path / "out")
    assert CANARY not in said.out + saved.out
    assert CANARY in (tmp_path / "out" / ".env").read_text()


@pytest.mark.parametrize("words", [["--diff", "1", "now"], ["--diff", "x", "now"], ["--save", "now"]])
def test_wrong_use_of_the_command_is_one_line(ops: Terminal, environment: Environment, words: list[str]) -> None:
    said = ops("config", environment.name, *words)
    assert (said.code, len(said.complaint) > 10) == (2, True)


def test_the_pages_tell_names_and_never_a_value(environment: Environment) -> None:
    first = taken(environment)
    Path(environment.env_file).write_text(f"SECRET_KEY={CANARY}2\n")
    second, browser = taken(environment), Browser(make_viewer())
    page = browser.get(reverse("admin:deployments_config_diff", args=[second.pk]))
    assert "variable SECRET_KEY changed" in page.text
    pages = [page, browser.get(changelist(ConfigSnapshot)), browser.get(second.get_absolute_url())]
    assert f"?with={first.pk}" in page.links
    assert [each.status for each in pages] == [200] * 3
    assert not [each for each in pages if CANARY in each.html or "aesgcm1" in each.html]


def test_the_first_snapshot_has_nothing_before_it(transactional_db: None) -> None:
    address = reverse("admin:deployments_config_diff", args=[make_config_snapshot().pk])
    assert "There is nothing before it" in Browser(make_viewer()).get(address).text
    assert Browser(make_user("smsops.view_environment")).get(address).status == 403
    assert Browser(make_viewer()).get(f"{address}?with=999").status == 404


def test_no_value_reaches_the_journal(process_place: Place) -> None:
    process_place.add_env(HARMLESS=CANARY)
    run = process_place.deploy("1.18.1")
    rows = [*Step.objects.values(), *JournalEntry.objects.values(), *Run.objects.filter(pk=run.pk).values()]
    assert "config.snapshot" in str(rows)
    assert (CANARY in str(rows), SECRET_KEY in str(rows)) == (False, False)
