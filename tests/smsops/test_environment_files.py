"""Environments from a YAML file: all of them or none, one clear sentence per mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from smsops.environments import files
from smsops.environments.files import apply, load
from smsops.errors import WrongUse
from smsops.models import Environment

NATIVE = """
demo:
  preset: sms-native
  title: The demo school
  data_path: /srv/sms/data
  releases_path: /srv/sms/releases
"""
Write = Callable[[str], str]

pytestmark = pytest.mark.django_db


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write text to a file and return the file's path."""

    def write(text: str) -> str:
        path = tmp_path / "environments.yml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_an_environment_is_created_from_its_preset_and_its_fields(write: Write) -> None:
    ((environment, created),) = apply(write(NATIVE))
    assert created
    stored = Environment.objects.get(name="demo")
    assert (stored.pk, stored.title, stored.preset) == (environment.pk, "The demo school", "sms-native")
    assert (stored.runtime, stored.volume, stored.data_path) == ("process", "", "/srv/sms/data")


def test_a_field_given_by_hand_wins_over_the_preset(write: Write) -> None:
    apply(write("a: {preset: sms-docker, instance: sms-two, host_port: 8081}"))
    stored = Environment.objects.get(name="a")
    assert (stored.instance, stored.host_port, stored.image) == ("sms-two", 8081, "sms-fullstack")


def test_without_a_preset_the_fields_stand_alone(write: Write) -> None:
    apply(write("a: {runtime: docker, volume: v1}"))
    assert Environment.objects.get(name="a").volume == "v1"


def test_applying_again_changes_only_what_the_file_says(write: Write) -> None:
    apply(write(NATIVE))
    Environment.objects.update(rpo_minutes=33, host_port=9999)
    ((_, created),) = apply(write("demo: {preset: sms-native, title: Renamed}"))
    assert not created
    stored = Environment.objects.get()
    assert (stored.title, stored.rpo_minutes, stored.host_port) == ("Renamed", 33, 9999)


def test_several_environments_come_in_one_file_in_its_order(write: Write) -> None:
    found = apply(write(f"{NATIVE}\nathens: {{volume: v1}}\n2026: {{volume: v2}}"))
    assert [environment.name for environment, _ in found] == ["demo", "athens", "2026"]


@pytest.mark.parametrize("mistake", ["b: {colour: red}", "b: {volume: v, host_port: 0}", "b: {base_url: nowhere}"])
def test_all_come_in_or_none(write: Write, mistake: str) -> None:
    apply(write("old: {volume: v0, title: Before}"))
    with pytest.raises(WrongUse):
        apply(write(f"old: {{title: After}}\na: {{volume: v1}}\n{mistake}"))
    assert [(found.name, found.title) for found in Environment.objects.all()] == [("old", "Before")]


MISTAKES = [
    ("a: {colour: red}", "a: there is no field “colour”; known are backup_minutes, "),
    ("a: {preset: sms-cloud}", "a: there is no preset “sms-cloud”; known are sms-docker, sms-native, generic."),
    ("a: {id: 7}", "a: there is no field “id”"),
    ("a: {name: b}", "a: there is no field “name”"),
    ("a: {created_at: 2020-01-01}", "a: there is no field “created_at”"),
    ("a: {volume: v, host_port: 70000}", "a: host_port: Ensure this value is less than or equal to 65535."),
    ("a: {volume: v, host_port: many}", "a: host_port: “many” is no whole number."),
    ("a: {volume: v, runtime: podman}", "a: runtime: “podman” is none of docker, process."),
    ("a: {volume: v, base_url: nowhere}", "a: base_url: Give a web address like “http://127.0.0.1:8080”."),
    ("a b: {volume: v}", "a b: name: One word of letters from a to z, digits, - and _"),
    ("a: {volume: v, title: }", "a: title is empty; give it a value or leave the line out."),
    ("a: {volume: v, database_file: }", "a: database_file is empty"),
    ("a: {volume: v, preset: [x]}", "a: there is no preset “['x']”"),
    ("a: {1: x, volume_: v}", "a: there is no field “1”"),
    ("a: {volume: v, base_url: 'http://[::1'}", "a: base_url: Give a web address"),
    ("- a\n- b", "must map environment names to their fields."),
    ("just words", "must map environment names to their fields."),
    ("", "must map environment names to their fields."),
    ("a: red", "must map environment names to their fields."),
    ("a: {volume: v}\nb:\n  - c", "must map environment names to their fields."),
    ("a:\n  volume: v\n  title: [unclosed\n", "is not valid YAML (line 4)."),
    ("a: {volume: v}\n  b: c", "is not valid YAML (line 2)."),
    ("a: !!python/object/apply:os.getcwd []", "is not valid YAML (line 1)."),
]


@pytest.mark.parametrize(("text", "sentence"), MISTAKES)
def test_a_mistake_is_one_sentence_and_nothing_is_written(write: Write, text: str, sentence: str) -> None:
    with pytest.raises(WrongUse) as refused:
        apply(write(text))
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not Environment.objects.exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"gone\.yml cannot be read: No such file or directory"):
        load(str(tmp_path / "gone.yml"))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_bytes(b"a: \xff")
    with pytest.raises(WrongUse, match=r"x\.yml cannot be read: not UTF-8 text"):
        load(str(tmp_path / "x.yml"))


def test_the_smoke_password_is_read_from_its_file(write: Write, tmp_path: Path) -> None:
    (tmp_path / "smoke").write_text("correct-horse\n")
    apply(write(f"a: {{volume: v, smoke_email: s@x.gr, smoke_password_file: {tmp_path}/smoke}}"))
    assert Environment.objects.get().smoke_password == "correct-horse"


def test_the_database_address_is_read_from_its_file(write: Write, tmp_path: Path) -> None:
    (tmp_path / "database").write_text("postgresql://sms:canary@db/sms\n")
    apply(write(f"a: {{volume: v, database_engine: postgresql, database_url_file: {tmp_path}/database}}"))
    assert Environment.objects.get().database_url == "postgresql://sms:canary@db/sms"


def test_a_smoke_password_file_that_is_missing_is_named(write: Write) -> None:
    with pytest.raises(WrongUse, match="a: smoke_password_file /gone/smoke cannot be read"):
        apply(write("a: {volume: v, smoke_password_file: /gone/smoke}"))


def test_what_a_person_may_not_set_is_no_field_and_the_rest_is() -> None:
    assert files.FIELDS.isdisjoint({"id", "name", "created_at"})
    assert {"runtime", "volume", "smoke_password", "core_tables"} <= files.FIELDS


def test_a_file_that_never_ends_is_refused() -> None:
    with pytest.raises(WrongUse, match=r"/dev/zero is too long"):
        load("/dev/zero")
