"""`ops token`: keys to the API are made, listed and revoked at a terminal."""

from __future__ import annotations

import pytest

from smsops.api import tokens
from tests.factories import make_environment, make_token, make_user
from tests.ops.terminal import Terminal

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_token_is_printed_once_and_opens(ops: Terminal) -> None:
    user, place = make_user(), make_environment()
    said = ops("token", "create", "CI", "--owner", user.username, "--scope", "deploy", "--environment", place.name)
    token = tokens.find(said.out.strip())
    assert token is not None
    assert (token.owner, token.scopes, list(token.environments.all())) == (user, ["deploy"], [place])
    assert said.out.strip() not in ops("token", "list", "--json").out


def test_a_revoked_one_is_listed_as_such(ops: Terminal) -> None:
    token = make_token()
    assert ops("token", "revoke", f"smsops_{token.identifier}").code == 0
    (told,) = ops("token", "list", "--json").document
    assert (told["identifier"], told["state"]) == (token.identifier, "revoked")


@pytest.mark.parametrize(
    "words", [["create", "CI", "--owner", "nobody"], ["create", "CI"], ["revoke", "smsops_x"], ["revoke"]]
)
def test_what_makes_no_sense_is_wrong_use(words: list[str], ops: Terminal) -> None:
    assert ops("token", *words).code == 2
