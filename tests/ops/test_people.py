"""`ops people`: the machine's owner helps whoever cannot get in."""

from __future__ import annotations

import pytest

from smsops.models import Authenticator
from tests.factories import make_user
from tests.ops.terminal import Terminal
from tests.signin.phone import given


def test_a_second_factor_is_reset_with_a_reason(ops: Terminal) -> None:
    user = make_user(username="maria")
    given(user)
    said = ops("people", "reset-device", "maria", "--reason", "She rang me up.")
    assert (said.code, said.lines) == (0, ["maria has no second factor any more; all sessions are ended."])
    assert not Authenticator.objects.exists()


def test_without_a_reason_it_is_refused(ops: Terminal) -> None:
    given(make_user(username="maria"))
    said = ops("people", "reset-device", "maria")
    assert (said.code, said.complaint) == (2, "Say why: --reason.")
    assert Authenticator.objects.exists()


def test_a_name_that_nobody_has_is_refused(ops: Terminal) -> None:
    said = ops("people", "unlock", "nobody", "--reason", "x")
    assert (said.code, "There is no user “nobody”" in said.complaint) == (2, True)


def test_the_list_says_who_has_a_second_factor(ops: Terminal) -> None:
    given(make_user(username="maria"))
    make_user(username="ada")
    document = ops("people", "list", "--json").document
    assert [(row["user"], row["second_factor"]) for row in document] == [("ada", False), ("maria", True)]


@pytest.mark.parametrize("act", ["unlock", "end-sessions"])
def test_the_others_say_what_they_did(ops: Terminal, act: str) -> None:
    make_user(username="maria")
    said = ops("people", act, "maria", "--reason", "x")
    assert said.code == 0
    assert "maria" in said.out
