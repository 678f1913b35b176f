"""A far side that does not answer holds up no other, and a sender that dies elsewhere holds up nobody for long."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from incidents.channels import base, chat
from incidents.channels.sides import HANGING, Sides, side_of
from incidents.models import Incident, Page, PageState
from incidents.services import outbox
from smsops.models import Environment
from tests.incidents.servers import mute
from tests.paging.conftest import opened
from tests.paging.people import contact, person
from tests.paging.written import page
from tests.smsops.servers import answering

MAIL = ["mail"] * 20


@pytest.fixture(autouse=True)
def sides(monkeypatch: pytest.MonkeyPatch) -> Sides:
    found = Sides()
    monkeypatch.setattr(outbox, "_sides", found)
    return found


def gone(found: Sides, waiting: list[str], *carried: str) -> list[str]:
    return found.next_of(waiting, str, carried, 8)[0]


@pytest.mark.parametrize(
    ("waiting", "carried", "goes"),
    [
        (MAIL, [], ["mail"] * 8),
        ([*MAIL, "chat"], [], [*["mail"] * 4, "chat"]),
        ([*MAIL, "chat"], ["mail"] * 4, ["chat"]),
        (MAIL, ["chat"] * 3, ["mail"] * 4),
        (MAIL, ["mail"] * 8, []),
    ],
)
def test_one_far_side_keeps_half_of_the_hands_while_others_wait(
    sides: Sides, waiting: list[str], carried: list[str], goes: list[str]
) -> None:
    assert gone(sides, waiting, *carried) == goes


def test_one_that_hangs_comes_last_with_two_hands_until_it_answers(sides: Sides) -> None:
    sides.hung("mail")
    assert gone(sides, [*MAIL, "chat", "chat"]) == ["chat", "chat", *["mail"] * HANGING]
    assert gone(sides, MAIL) == ["mail"] * HANGING
    sides.well("mail")
    assert gone(sides, MAIL) == ["mail"] * 8


def test_all_mail_has_one_far_side_and_each_chat_service_its_own() -> None:
    addresses = ("slack://one/two", "json://u:p@ops.example:1/x", "json://v:q@ops.example:1/y")
    assert [side_of("apprise", each) for each in addresses] == ["slack://one", *["json://ops.example:1"] * 2]
    assert {side_of("email", each) for each in ("a@x.example", "b@y.example")} == {"email"}


@pytest.fixture
def incident(environment: Environment) -> Incident:
    return opened(environment)


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_swallows_everything_does_not_keep_chat_waiting(
    incident: Incident, settings: Any, sides: Sides
) -> None:
    chat.load()  # a large library: its first use takes a second or more
    settings.SMSOPS_PRIVATE_CHANNELS = True
    settings.EMAIL_BACKEND = "incidents.channels.smtp.EmailBackend"
    with mute() as server, answering({"*": (200, "ok")}) as url:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(server.url.rpartition(":")[2])
        earlier = timezone.now() - timedelta(minutes=5)
        for number in range(20):
            page(person(f"p{number}"), incident, number, next_at=earlier)
        place = contact(person("ada"), url.replace("http://", "json://"), way="apprise")
        asked, began = page(place.user, incident, 99, contact=place), time.monotonic()
        outbox.send_due()
    asked.refresh_from_db()
    assert asked.sent_at is not None
    mail = Page.objects.filter(contact=None)
    assert not mail.filter(state=PageState.SENT).exists()
    assert (asked.sent_at - asked.due_at).total_seconds() < base.SECONDS / 2  # when a mail is given up
    assert sides.hanging() == {"email"}
    assert time.monotonic() - began < outbox.ROUND + 6


@pytest.mark.django_db(transaction=True)
def test_a_sender_that_lives_says_so_and_keeps_what_it_carries(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "TOLD", 0.0)
    found = page(person("ada"), incident, state=PageState.SENDING)
    sending = outbox._Round()
    Page.objects.update(holder=sending.holder, claimed_at=timezone.now() - timedelta(seconds=15))
    sending.hands.busy = {object(): (object(), 0.0)}  # type: ignore[dict-item]
    sending._tell()
    found.refresh_from_db()
    assert found.claimed_at is not None
    assert timezone.now() - found.claimed_at < timedelta(seconds=5)


def test_a_sender_elsewhere_is_given_up_long_before_a_minute_but_not_while_it_gives_signs_of_life() -> None:
    assert timedelta(seconds=outbox.TOLD * 5) < outbox.ABANDONED < timedelta(seconds=30)
