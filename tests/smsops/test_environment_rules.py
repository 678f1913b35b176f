"""What makes an environment workable: one sentence per mistake, at the field it belongs to."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from smsops.environments.presets import PRESETS
from smsops.environments.rules import validate
from smsops.models import Environment

DOCKER = PRESETS["sms-docker"]
NATIVE = {**PRESETS["sms-native"], "data_path": "/srv/data", "releases_path": "/srv/releases"}
ABSOLUTE = "Give an absolute path, starting with a slash."
DATABASE = "Give the database's path inside the data folder, like “student_management.db”."
ADDRESS = "Give a web address like “http://127.0.0.1:8080”."
TABLES = "Give a list of table names, like [“students”, “grades”]."
NO_PATH = "Give the address without a path; smsops knows the paths of SMS."
NO_USER = "Leave user and password out of the address; it is shown on pages."

PG = "Give an address like “postgresql://sms:PASSWORD@127.0.0.1:5432/sms”, with user, host and name."
MISTAKES = [
    (NATIVE, {"data_path": ""}, "The process runtime needs the data folder."),
    (NATIVE, {"releases_path": ""}, "The process runtime needs the folder of unpacked releases."),
    (NATIVE, {"data_path": "srv/data"}, ABSOLUTE),
    (NATIVE, {"releases_path": "./releases"}, ABSOLUTE),
    (NATIVE, {"interpreter": "python3"}, ABSOLUTE),
    (DOCKER, {"env_file": "sms.env"}, ABSOLUTE),
    (DOCKER, {"source_path": "~/sms"}, ABSOLUTE),
    (DOCKER, {"volume": ""}, "The docker runtime needs the name of the data volume, usually “sms_data”."),
    (DOCKER, {"database_file": "/data/sms.db"}, DATABASE),
    (DOCKER, {"database_file": "../sms.db"}, DATABASE),
    (DOCKER, {"database_file": "db/../../sms.db"}, DATABASE),
    (DOCKER, {"database_file": ""}, DATABASE),
    (DOCKER, {"database_file": "."}, DATABASE),
    (DOCKER, {"base_url": ""}, ADDRESS),
    (DOCKER, {"base_url": "127.0.0.1:8080"}, ADDRESS),
    (DOCKER, {"base_url": "ftp://127.0.0.1"}, ADDRESS),
    (DOCKER, {"base_url": "http://"}, ADDRESS),
    (DOCKER, {"base_url": "http://[::1"}, ADDRESS),
    (DOCKER, {"base_url": "http://127.0.0.1:abc"}, ADDRESS),
    (DOCKER, {"base_url": "http://127.0.0.1:99999"}, ADDRESS),
    (DOCKER, {"base_url": "http://admin:canary@127.0.0.1"}, NO_USER),
    (DOCKER, {"base_url": "http://admin@127.0.0.1"}, NO_USER),
    (DOCKER, {"base_url": "http://127.0.0.1/health"}, NO_PATH),
    (DOCKER, {"base_url": "http://127.0.0.1/?x=1"}, NO_PATH),
    (DOCKER, {"smoke_password": ""}, "The login check needs the account's password as well."),
    (DOCKER, {"database_url": "", "database_engine": "postgresql"}, PG),
    (DOCKER, {"database_url": "sms", "database_engine": "postgresql"}, PG),
    (DOCKER, {"database_url": "mysql://sms:canary@db/sms", "database_engine": "postgresql"}, PG),
    (DOCKER, {"database_url": "postgresql://sms:canary@db", "database_engine": "postgresql"}, PG),
    (DOCKER, {"database_url": "postgresql://db/sms", "database_engine": "postgresql"}, PG),
    (DOCKER, {"core_tables": "students"}, TABLES),
    (DOCKER, {"core_tables": {"students": 1}}, TABLES),
    (DOCKER, {"core_tables": ["students", 1]}, TABLES),
    (DOCKER, {"core_tables": ["students; DROP TABLE users"]}, TABLES),
    (DOCKER, {"core_tables": [""]}, TABLES),
]


def _environment(*layers: dict[str, Any]) -> Environment:
    fields: dict[str, Any] = {"name": "a", "smoke_email": "s@x.gr", "smoke_password": "correct-horse"}
    for layer in layers:
        fields |= layer
    return Environment(**fields)


def _mistakes(environment: Environment) -> dict[str, list[str]]:
    """The sentences at each field; empty where everything is workable."""
    try:
        validate(environment)
    except ValidationError as refused:
        return refused.message_dict
    return {}


@pytest.mark.parametrize(("shape", "change", "sentence"), MISTAKES)
def test_a_mistake_is_one_sentence_at_its_field(shape: dict[str, Any], change: dict[str, Any], sentence: str) -> None:
    assert _mistakes(_environment(shape, change)) == {next(iter(change)): [sentence]}


GOOD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (DOCKER, {}),
    (NATIVE, {}),
    (DOCKER, {"base_url": "https://sms.school.example/"}),
    (DOCKER, {"base_url": "http://[::1]:8080"}),
    (DOCKER, {"database_file": "db/sms.db"}),
    (DOCKER, {"database_url": "postgresql://sms:a%40b@db:5433/sms", "database_engine": "postgresql"}),
    (DOCKER, {"database_url": "postgresql+psycopg://sms@db/sms?sslmode=require", "database_engine": "postgresql"}),
    (DOCKER, {"database_url": "nonsense"}),
    (DOCKER, {"core_tables": []}),
    (DOCKER, {"core_tables": ["students", "_x9"]}),
    (DOCKER, {"smoke_email": "", "smoke_password": ""}),
    (DOCKER, {"data_path": "", "env_file": "/etc/sms.env"}),
    (NATIVE, {"volume": "", "interpreter": "/usr/bin/python3"}),
]


@pytest.mark.parametrize(("shape", "change"), GOOD)
def test_a_workable_environment_is_accepted(shape: dict[str, Any], change: dict[str, Any]) -> None:
    assert _mistakes(_environment(shape, change)) == {}


def test_every_mistake_is_told_at_once() -> None:
    found = _mistakes(_environment(NATIVE, {"data_path": "", "base_url": "x", "core_tables": None}))
    assert found.keys() == {"data_path", "base_url", "core_tables"}


def test_the_sentence_about_an_address_does_not_repeat_its_password() -> None:
    assert "canary" not in str(_mistakes(_environment(DOCKER, {"base_url": "http://a:canary@127.0.0.1"})))


@pytest.mark.django_db
def test_a_form_or_a_file_comes_to_the_rules_by_itself() -> None:
    with pytest.raises(ValidationError, match="usually “sms_data”"):
        _environment(DOCKER, {"volume": ""}).full_clean()


@pytest.mark.django_db
@pytest.mark.parametrize("shape", [DOCKER, NATIVE])
def test_every_preset_is_workable_once_its_folders_are_named(shape: dict[str, Any]) -> None:
    environment = _environment(shape)
    environment.full_clean()
    environment.save()
    assert Environment.objects.get().runtime == shape["runtime"]


SAME = [
    ({}, {}),
    ({}, {"database_file": "./student_management.db"}),
    ({"data_path": "/srv/data"}, {"data_path": "/srv/other/../data/", "volume": "another"}),
    ({"data_path": "/srv/data"}, {"data_path": "/srv/the same by another name"}),
    ({}, {"data_path": "/srv/data"}),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("first", "second"), SAME)
def test_two_environments_about_one_database_are_one_sentence(first: dict[str, Any], second: dict[str, Any]) -> None:
    _environment(DOCKER, first).save()
    with pytest.raises(ValidationError) as refused:
        _environment(DOCKER, second, {"name": "b"}).full_clean()
    said = "“a” is about this database already; two would restore over each other's data."
    assert refused.value.message_dict == {"database_file": [said]}


OTHER: list[dict[str, Any]] = [{"volume": "b_data"}, {"database_file": "b.db"}, {"queue": "on-another-machine"}, NATIVE]


@pytest.mark.django_db
@pytest.mark.parametrize("other", OTHER)
def test_environments_about_different_databases_live_side_by_side(other: dict[str, Any]) -> None:
    first = _environment(DOCKER)
    first.full_clean()
    first.save()
    first.full_clean()  # it does not stand in its own way
    _environment(DOCKER, {"name": "b"}, other).full_clean()
    assert Environment.objects.count() == 1
