"""A database's address: read as it is meant, and its password shows nowhere."""

from __future__ import annotations

import pytest

from smsops.environments.database_url import parse
from smsops.environments.secrets import known_secrets
from smsops.errors import WrongUse
from tests.factories import make_environment

CANARY = "cAn4ry%40of%2Fpg"


def test_an_address_is_read_as_it_is_meant() -> None:
    url = parse(f"postgresql+psycopg://sms%40x:{CANARY}@db.example:5433/my%20sms?sslmode=require")
    found = (url.host, url.port, url.name, url.user, url.password, url.ssl_mode)
    assert found == ("db.example", 5433, "my sms", "sms@x", "cAn4ry@of/pg", "require")


def test_the_usual_port_need_not_be_written() -> None:
    assert parse("postgres://sms@db/sms").port == 5432


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://sms:{CANARY}@db:many/sms",
        f"postgresql://sms:{CANARY}@[db/sms",
        f"postgresql://sms:{CANARY}@db/sms/more",
        f"postgresql://sms:{CANARY}@db/sms?sslmode=never",
        f"postgresql://sms:{CANARY}@db/sms?options=-csearch_path",
        f"postgresql://:{CANARY}@db/sms",
    ],
)
def test_a_mistake_is_one_sentence_without_the_password(text: str) -> None:
    with pytest.raises(WrongUse) as refused:
        parse(text)
    assert "cAn4ry" not in str(refused.value)


def test_neither_text_nor_name_of_an_address_has_the_password() -> None:
    url = parse(f"postgresql://sms:{CANARY}@db/sms")
    assert "cAn4ry" not in f"{url} {url!r} {url.server} {url.called('other')!r}"


@pytest.mark.django_db
def test_the_password_is_searched_for_in_whatever_is_shown_in_both_forms() -> None:
    address = f"postgresql://sms:{CANARY}@db/sms"
    found = known_secrets(make_environment(database_engine="postgresql", database_url=address))
    assert {address, CANARY, "cAn4ry@of/pg"} <= set(found)
