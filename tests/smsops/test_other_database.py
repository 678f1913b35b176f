"""To which database SMS is led when it is to work on a copy: only the name is another."""

from __future__ import annotations

import pytest

from smsops.environments.other_database import told
from smsops.errors import OpsError


@pytest.mark.parametrize(
    ("address", "led"),
    [
        ("postgresql://sms:x@db:5432/sms", "postgresql://sms:x@db:5432/copy"),
        ("postgresql+psycopg://sms:p%40ss@db/sms?sslmode=require", "postgresql+psycopg://sms:p%40ss@db/copy?sslmode=require"),
        ("postgresql://sms:with/slash@db/sms", "postgresql://sms:with/slash@db/copy"),
        ("postgresql://sms@/sms?host=/run/postgresql", "postgresql://sms@/copy?host=/run/postgresql"),
        ("postgresql:///sms?host=/run/postgresql", "postgresql:///copy?host=/run/postgresql"),
        ("postgresql://db/sms?options=-c%20a@b", "postgresql://db/copy?options=-c%20a@b"),
    ],
)  # fmt: skip
def test_only_the_name_in_the_address_is_another(address: str, led: str) -> None:
    assert told({"DATABASE_URL": address, "SECRET_KEY": "x"}, "copy") == {"DATABASE_URL": led}


def test_settings_in_parts_are_told_the_name_alone() -> None:
    assert told({"POSTGRES_HOST": "db", "POSTGRES_DB": "sms"}, "copy") == {"POSTGRES_DB": "copy"}


def test_where_both_are_set_both_lead_there() -> None:
    settings = {"POSTGRES_DB": "sms", "DATABASE_URL": "postgresql://db/sms"}
    assert told(settings, "copy") == {"POSTGRES_DB": "copy", "DATABASE_URL": "postgresql://db/copy"}


@pytest.mark.parametrize("address", ["", "sqlite:////data/sms.db", "'postgresql://db/sms'", "postgresql://db", "db"])
def test_settings_that_do_not_say_which_database_are_refused(address: str) -> None:
    with pytest.raises(OpsError, match="does not say on which PostgreSQL database it works"):
        told({"DATABASE_URL": address, "DATABASE_ENGINE": "postgresql"}, "copy")
