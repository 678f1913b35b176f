"""`ops oncall` and `ops page`."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from incidents.models import Contact, Page, Rota, RotaMember
from tests.ops.conftest import ops as ops
from tests.ops.terminal import Terminal
from tests.paging.people import contact, policy
from tests.paging.post import Post
from tests.places import free_port

pytestmark = pytest.mark.django_db(transaction=True)


def test_oncall_names_who_is_on_call(ops: Terminal, ada: User) -> None:
    rota = Rota.objects.create(name="On-call Ops")
    RotaMember.objects.create(rota=rota, user=ada)
    policy({"rotas": [rota]})
    said = ops("oncall")
    assert said.code == 0, said
    assert "On-call Ops  ada" in said.out


def test_oncall_says_that_a_page_would_reach_nobody(ops: Terminal) -> None:
    policy({"rotas": [Rota.objects.create(name="On-call Ops")]})
    said = ops("oncall")
    assert said.code == 1
    assert "On-call Ops  nobody" in said.out
    assert "A page would reach nobody: “Everything”." in said.out


def test_oncall_as_json_is_one_document(ops: Terminal, ada: User) -> None:
    rota = Rota.objects.create(name="On-call Ops")
    RotaMember.objects.create(rota=rota, user=ada)
    policy({"rotas": [rota]})
    document = ops("oncall", "On-call Ops", "--json").document
    assert document["on_call"][0]["user"] == "ada"
    assert document["nobody"] == []


def test_page_sends_a_test_by_every_way_and_says_what_became_of_it(ops: Terminal, ada: User, post: Post) -> None:
    contact(ada, "first@example.org", label="first")
    contact(ada, "second@example.org", label="second", after_minutes=30)
    said = ops("page", "TEST", "--to", "ada")
    assert said.code == 0, said
    assert sorted(post.to) == [["first@example.org"], ["second@example.org"]]
    assert not Contact.objects.filter(tested_at=None).exists()


def test_page_that_does_not_arrive_ends_with_one(ops: Terminal, ada: User, post: Post) -> None:
    post.refuse = "550 no such user"
    said = ops("page", "TEST", "--to", "ada")
    assert said.code == 1
    assert "550 no such user" in said.out


def test_page_by_a_mail_server_that_is_not_reached_names_it_and_says_what_to_do(
    ops: Terminal, ada: User, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "incidents.channels.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    said = ops("page", "TEST", "--to", "ada")
    assert (said.code, said.err) == (1, "")
    assert said.lines[-1] == (
        f"The mail server 127.0.0.1:{settings.EMAIL_PORT} is not reached: Connection refused. See that it runs and "
        "that this machine reaches it; SMSOPS_EMAIL_HOST and SMSOPS_EMAIL_PORT say which one it is. "
        "It is tried a few times more by itself."
    )


def test_page_to_somebody_unknown_or_unreachable_is_wrong_use(ops: Terminal, ada: User) -> None:
    User.objects.update(email="")
    assert ops("page", "TEST", "--to", "nobody").code == 2
    said = ops("page", "TEST", "--to", "ada")
    assert said.code == 2
    assert "ada has no way to be reached" in said.complaint
    assert not Page.objects.exists()
