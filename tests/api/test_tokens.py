"""Tokens: what opens the API, for how long, and what is known of them."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from smsops.api import tokens
from smsops.errors import WrongUse
from smsops.models import ApiToken, Environment, Scope
from smsops.redact import RedactingFormatter, redact
from tests.api.programs import Program
from tests.factories import make_admin, make_environment, make_user

pytestmark = pytest.mark.django_db


def opens(program: Program) -> bool:
    status = program.get("token").status_code
    assert status in (200, 401)
    return bool(status == 200)


def change(program: Program, **values: object) -> None:
    ApiToken.objects.filter(pk=program.token.pk).update(**values)


def test_the_token_itself_is_stored_nowhere() -> None:
    program = Program()
    secret = program.text.rpartition(f"{program.token.identifier}_")[2]
    assert len(secret) >= 43
    assert secret not in str(list(ApiToken.objects.values()))
    assert program.text.startswith(f"smsops_{program.token.identifier}_")


def test_it_opens_until_its_day_and_not_a_moment_longer() -> None:
    program = Program()
    assert opens(program)
    change(program, expires_at=timezone.now())
    assert not opens(program)


def test_it_opens_nothing_once_it_is_revoked() -> None:
    program = Program()
    tokens.revoke(program.token, "maria")
    assert not opens(program)
    tokens.revoke(program.token, "otto")
    assert ApiToken.objects.get(pk=program.token.pk).revoked_by == "maria"


def test_it_opens_nothing_while_its_owner_may_not_sign_in() -> None:
    program = Program()
    program.owner.is_active = False
    program.owner.save()
    assert not opens(program)


@pytest.mark.parametrize("wrong", ["", "x", "smsops_", "smsops_abcdefgh_" + "x" * 43, "smsops_\0_"])
def test_what_is_no_token_opens_nothing(wrong: str) -> None:
    program = Program()
    program.text = wrong
    assert not opens(program)


def test_the_right_name_with_another_secret_opens_nothing() -> None:
    program, other = Program(), Program()
    program.text = f"smsops_{program.token.identifier}_{other.text[-43:]}"
    assert not opens(program)


def test_its_owner_loses_a_permission_and_so_does_the_token() -> None:
    program = Program(make_admin())
    assert program.get("runs").status_code == 200
    program.owner.is_superuser = False
    program.owner.save()
    assert program.get("runs").status_code == 403


def test_when_it_was_used_last_is_written_once_a_minute() -> None:
    program = Program()
    opens(program)
    first = ApiToken.objects.get(pk=program.token.pk).last_used_at
    opens(program)
    assert ApiToken.objects.get(pk=program.token.pk).last_used_at == first
    long_ago = timezone.now() - timedelta(seconds=61)
    change(program, last_used_at=long_ago)
    opens(program)
    assert ApiToken.objects.filter(pk=program.token.pk, last_used_at__gt=long_ago).exists()


def test_it_tells_what_it_is_and_nothing_of_itself() -> None:
    place = make_environment()
    program = Program(scopes=["read", "backup"], environments=[place])
    told = program.get("token").json()
    assert (told["scopes"], told["environments"]) == (["backup", "read"], [place.name])
    assert program.text not in str(told)


@pytest.mark.parametrize("gone", ["row", "relation, by SQL"])
def test_for_environments_that_are_gone_it_opens_nothing(gone: str) -> None:
    place, elsewhere = make_environment(), make_environment()
    program = Program(make_admin(), environments=[place])
    assert [row["environment"] for row in program.get("environments").json()["items"]] == [place.name]
    _remove(place, gone)
    assert [program.get(path).status_code for path in ("token", "environments", f"environments/{elsewhere.name}")] == [
        401, 401, 401,
    ]  # fmt: skip
    assert tokens.of(program.owner)[0].where == "nowhere: its environments are gone"


def test_where_one_of_its_environments_is_left_it_is_for_that_one() -> None:
    place, other = make_environment(), make_environment()
    make_environment()
    program = Program(make_admin(), environments=[place, other])
    _remove(place, "row")
    assert program.get("token").json()["environments"] == [other.name]
    assert [row["environment"] for row in program.get("environments").json()["items"]] == [other.name]


def _remove(place: Environment, how: str) -> None:
    if how == "row":
        place.delete()
    else:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM smsops_apitoken_environments WHERE environment_id = %s", [place.pk])


@pytest.mark.parametrize(
    ("name", "scopes", "days"), [("", ["read"], 90), ("CI", [], 90), ("CI", ["all"], 90), ("CI", ["read"], 367)]
)
def test_a_token_that_makes_no_sense_is_not_made(name: str, scopes: list[str], days: int) -> None:
    with pytest.raises(WrongUse):
        tokens.create(make_user(), name, scopes, days=days)
    assert not ApiToken.objects.exists()


def test_it_lasts_ninety_days_unless_somebody_says_otherwise() -> None:
    token, _ = tokens.create(make_user(), "CI", [Scope.READ])
    assert timedelta(days=89) < token.expires_at - timezone.now() <= timedelta(days=90)


def test_neither_logs_nor_answers_hold_one(caplog: pytest.LogCaptureFixture) -> None:
    program = Program()
    caplog.set_level(logging.DEBUG)
    caplog.handler.setFormatter(RedactingFormatter("%(message)s"))  # as the settings have it
    said = [program.get(path).content.decode() for path in ("runs", f"runs/{program.text}", "token")]
    said += [program.post("environments/x/backup", f'{{"reason": "{program.text}"').content.decode()]
    assert program.text not in "".join(said)
    assert f"runs/smsops_{program.token.identifier}_[redacted]" in caplog.text
    assert program.text not in caplog.text


def test_text_that_holds_one_keeps_its_name_and_loses_its_secret() -> None:
    program = Program()
    assert redact(f"sent {program.text} off") == f"sent smsops_{program.token.identifier}_[redacted] off"
