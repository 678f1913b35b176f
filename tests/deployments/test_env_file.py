"""SMS's env file: what in it leads away from the environment's data, or lets everybody in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deployments.checks.base import Result, Target
from deployments.checks.settings import EnvFile
from smsops import envfile
from smsops.models import Environment
from tests.factories import make_environment

pytestmark = pytest.mark.django_db
DOCKER = {"runtime": "docker", "volume": "sms_data"}
SERVER = {"database_engine": "postgresql", "database_url": "postgresql://sms:secret@db/sms"}


def judged(tmp_path: Path, text: str, **fields: Any) -> Result:
    path = tmp_path / "sms.env"
    path.write_text(text + "\n")
    environment: Environment = make_environment(**{"env_file": str(path), **DOCKER, **fields})
    return EnvFile().run(Target(environment))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "DATABASE_URL=sqlite:////data/student_management.db",
        "DATABASE_ENGINE=sqlite\nDATABASE_URL=sqlite:////data/student_management.db?timeout=5",
        "SMTP_URL=smtp://host/?a=b=c",
        "AUTH_ENABLED=True\nAUTH_MODE=strict",
    ],
)
def test_a_file_that_leads_to_the_environments_database_passes(tmp_path: Path, text: str) -> None:
    assert judged(tmp_path, text).verdict == "pass"


@pytest.mark.parametrize(
    ("text", "fields", "said"),
    [
        ("DATABASE_URL=sqlite:///data/student_management.db", {}, "/app/data/student_management.db, which is lost"),
        ("DATABASE_URL=sqlite:////app/data/sms.db", {}, "DATABASE_URL leads to /app/data/sms.db, which is lost"),
        ("DATABASE_URL=sqlite:////data/other.db", {}, "/data/other.db; the environment's database is /data/student_"),
        ('DATABASE_URL="sqlite:///data/sms.db"', {}, "DATABASE_URL leads to /app/data/sms.db, which is lost with the"),
        ("DATABASE_URL=postgresql://a:b@db/sms", {}, "DATABASE_URL leads to postgresql, the environment has sqlite."),
        ("DATABASE_ENGINE=PostgreSQL", {}, "DATABASE_ENGINE says postgresql, the environment has sqlite."),
        ("DATABASE_ENGINE=sqlite", SERVER, "DATABASE_ENGINE says sqlite, the environment has postgresql."),
        ("DATABASE_URL=sqlite:////data/sms.db", SERVER, "DATABASE_URL leads to sqlite, the environment has postgresql"),
    ],
)
def test_what_leads_to_another_database_fails(tmp_path: Path, text: str, fields: dict[str, str], said: str) -> None:
    result = judged(tmp_path, text, **fields)
    assert (result.verdict, said in result.detail) == ("fail", True), result
    assert result.fix == "Correct the env file: SMS would start on another, perhaps empty one."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("AUTH_ENABLED=False", "AUTH_ENABLED is off: everybody who reaches SMS is an administrator."),
        ("AUTH_MODE=disabled", "AUTH_MODE is disabled: everybody who reaches SMS is an administrator."),
        ("SMTP_HOST='mail'", "SMTP_HOST is in quotes, which Docker hands over as part of the value."),
        ("A=\"b\"\nC='d'", "A, C are in quotes, which Docker hands over as part of the value."),
        ("POSTGRES_HOST=db", "POSTGRES_… is set without DATABASE_ENGINE: older releases then use PostgreSQL"),
    ],
)
def test_what_is_dangerous_or_odd_is_a_warning(tmp_path: Path, text: str, said: str) -> None:
    result = judged(tmp_path, text)
    assert (result.verdict, said in result.detail) == ("warn", True), result


def test_an_equals_sign_and_quotes_inside_a_value_are_part_of_it(tmp_path: Path) -> None:
    text = 'SECRET_KEY=a=b==\nNAME=O\'Neil "the" head\nEMPTY='
    assert envfile.parse(text) == {"SECRET_KEY": "a=b==", "NAME": 'O\'Neil "the" head', "EMPTY": ""}
    assert judged(tmp_path, text).detail.startswith("3 variables; ")


def test_a_process_is_told_its_database_whatever_the_file_says(tmp_path: Path) -> None:
    text = "DATABASE_URL=sqlite:///data/student_management.db"
    assert judged(tmp_path, text, runtime="process", volume="").verdict == "pass"


def test_no_value_of_the_file_is_shown(tmp_path: Path) -> None:
    text = "DATABASE_URL=postgresql://sms:canary@db/sms\nDATABASE_ENGINE=postgresql\nSECRET_KEY='canary'"
    assert "canary" not in str(judged(tmp_path, text))


def test_without_an_env_file_it_is_skipped() -> None:
    assert EnvFile().run(Target(make_environment())).verdict == "skip"
