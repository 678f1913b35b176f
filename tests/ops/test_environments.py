"""`ops env`: environments from a file, all of them or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsops.models import Environment
from tests.factories import make_environment
from tests.ops.terminal import Terminal


@pytest.fixture
def described(tmp_path: Path) -> Path:
    """A file with one environment."""
    (tmp_path / "data").mkdir()
    path = tmp_path / "environments.yaml"
    path.write_text(
        f"northern:\n  preset: sms-native\n  title: The Northern school\n  data_path: {tmp_path}/data\n"
        f"  releases_path: {tmp_path}/releases\n  smoke_email: a@b.example\n  smoke_password: canary-password\n"
    )
    return path


def test_an_environment_is_created_and_then_changed(ops: Terminal, described: Path) -> None:
    assert ops("env", "apply", described).lines == ["northern: created."]
    described.write_text(described.read_text().replace("Northern", "Southern"))
    assert ops("env", "apply", described).lines == ["northern: changed."]
    assert Environment.objects.get().title == "The Southern school"


def test_environments_are_listed(ops: Terminal) -> None:
    first, second = make_environment(name="a-school"), make_environment(name="b-school", instance="sms-b")
    said = ops("env", "list")
    assert (said.code, said.lines[0].split()) == (0, ["NAME", "RUNTIME", "INSTANCE", "ADDRESS"])
    assert said.lines[1].split() == ["a-school", *["Process", "on", "this", "machine", "sms-app"], first.base_url]
    assert said.lines[2].split()[-2:] == ["sms-b", second.base_url]


def test_the_password_in_the_file_is_stored_and_never_shown(ops: Terminal, described: Path) -> None:
    said = [ops("env", "apply", described), ops("env", "list"), ops("env", "list", "--json"), ops("status", "--json")]
    assert Environment.objects.get().smoke_password == "canary-password"
    assert "canary-password" not in str(said)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("northern: {flavour: sweet}", "northern: there is no field “flavour”; known are "),
        ("northern: {preset: sms-cloud}", "northern: there is no preset “sms-cloud”; known are "),
        ("northern: {preset: sms-native}", "northern: data_path: The process runtime needs the data folder."),
        ("northern: {host_port: many}", "northern: host_port: “many” is no whole number."),
        ("northern: {backups_enabled: perhaps}", "northern: backups_enabled: “perhaps” is neither true nor false."),
        ("northern: {runtime: podman}", "northern: runtime: “podman” is none of docker, process."),
        ("northern: {instance: ''}", "northern: instance: It may not be empty."),
        ("northern: {database_file: }", "northern: database_file is empty; give it a value or leave the line out."),
        ("northern: {preset: [sms-native]}", "northern: there is no preset “['sms-native']”"),
        ("northern: {base_url: 'http://[::1'}", "northern: base_url: Give a web address like "),
        ("northern: {core_tables: {a: 1}}", "northern: core_tables: Give a list of table names"),
        ("northern: [", " is not valid YAML (line "),
        ("- northern", " must map environment names to their fields."),
        ("", " must map environment names to their fields."),
        ("'two words': {volume: v}", "two words: name: One word of letters from a to z, digits, - and _, like "),
    ],
)
def test_a_mistake_in_the_file_is_wrong_use_and_changes_nothing(
    ops: Terminal, described: Path, text: str, sentence: str
) -> None:
    described.write_text(text + "\n")
    said = ops("env", "apply", described)
    assert said.code == 2
    assert sentence in said.complaint
    assert (said.out, Environment.objects.count()) == ("", 0)


def test_one_mistake_keeps_all_environments_of_the_file_out(ops: Terminal, described: Path) -> None:
    described.write_text(described.read_text() + "southern:\n  flavour: sweet\n")
    assert ops("env", "apply", described).code == 2
    assert not Environment.objects.exists()


def test_a_file_must_be_named(ops: Terminal) -> None:
    assert ops("env", "apply").complaint == "Name the YAML file: ops env apply FILE."


def test_a_missing_file_is_named(ops: Terminal) -> None:
    said = ops("env", "apply", "/nowhere.yaml")
    assert (said.code, said.complaint) == (2, "/nowhere.yaml cannot be read: No such file or directory.")
