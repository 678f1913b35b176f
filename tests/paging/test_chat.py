"""Chat through apprise: to a real receiver, never into a private network, and no secret of an address anywhere."""

from __future__ import annotations

import io
import logging
import socket
from collections.abc import Iterator
from typing import Any

import apprise
import pytest
from django.contrib.auth.models import User

from incidents.channels import chat, places
from incidents.channels.base import Message, NotSent
from incidents.models import Channel, Incident, Page, PageState, TimelineEntry
from incidents.services import outbox, sweep
from smsops.models import Environment
from tests.incidents.servers import mute
from tests.paging.conftest import opened
from tests.paging.people import contact, policy
from tests.smsops.servers import answering

CANARY = "canary7f3b9token"
HELLO = Message("Something is wrong", "Something is wrong\nThe rest.", "e1.l1")


def sent(url: str) -> None:
    chat.Chat(private_allowed=True).send(url.replace("http://", "json://"), HELLO)


def failure(url: str, monkeypatch: pytest.MonkeyPatch | None = None) -> NotSent:
    with pytest.raises(NotSent) as caught:
        sent(url)
    return caught.value


def test_a_receiver_that_answers_well_took_it() -> None:
    with answering({"*": (200, "ok")}) as url:
        assert sent(url) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("code", [400, 404, 500, 503])
def test_a_receiver_that_refuses_surely_did_not_take_it(code: int) -> None:
    with answering({"*": (code, "no")}) as url:
        error = failure(url)
    assert (error.transient, error.unsure) == (True, False)
    assert f"HTTP {code}" in str(error)


def test_a_receiver_that_is_not_there_surely_did_not_get_it() -> None:
    error = failure("http://127.0.0.1:9/")
    assert (error.transient, error.unsure) == (True, False)


def test_a_receiver_that_hangs_may_have_taken_it() -> None:
    with mute() as server:
        error = failure(f"{server.url}/?rto=0.5")
    assert (error.transient, error.unsure) == (True, True)


@pytest.mark.parametrize(
    "address",
    [
        "json://127.0.0.1/", "json://localhost:8000/x", "json://user:pw@10.1.2.3/", "json://192.168.0.9/", "json://172.16.9.9/",
        "json://169.254.169.254/latest/meta-data", "json://[::1]/", "json://[fd00::1]/", "json://[fe80::1]/",
        "json://2130706433/", "json://0x7f000001/", "json://127.1/", "json://0/", "json://100.64.0.1/",
        "form://127.0.0.1/", "xml://10.0.0.1/", "mailto://user:pw@example.com?smtp=10.0.0.5",
    ],
)  # fmt: skip
def test_an_address_in_a_private_network_is_refused(address: str) -> None:
    with pytest.raises(NotSent) as caught:
        chat.Chat(private_allowed=False).checked(address)
    assert "is in a private network" in str(caught.value) or "no address" in str(caught.value)
    assert not caught.value.transient


def test_a_name_that_leads_into_a_private_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", ("10.9.8.7", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert places.private(["hooks.example.org"]) == "hooks.example.org is in a private network"


@pytest.mark.parametrize("inside", ["::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"])
def test_an_address_that_carries_a_private_one_is_refused(inside: str) -> None:
    assert places.private([inside])


def test_public_addresses_are_not_refused() -> None:
    assert places.private(["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", ""]) == ""


def test_the_token_of_a_service_is_not_looked_up_as_a_name() -> None:
    address = f"slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#{CANARY}"
    driver = apprise.Apprise.instantiate(address)
    assert driver is not None
    assert list(chat.hosts(address, driver)) == []


def test_nothing_follows_to_where_a_receiver_points() -> None:
    driver = chat.Chat(private_allowed=False).checked("json://93.184.216.34/")
    assert driver.redirects is False


@pytest.mark.parametrize("address", ["", "nonsense", "json://", "http//x", "json://[::ffff:127.0.0.1"])
def test_what_is_no_address_is_said_to_be_none(address: str) -> None:
    with pytest.raises(NotSent, match="no address"):
        chat.Chat(private_allowed=True).checked(address)


def test_an_address_of_several_places_is_refused() -> None:
    with pytest.raises(NotSent, match="several places"):
        chat.Chat(private_allowed=True).checked("tgram://123456789:abcdefghijklmnopqrstuvwxyz123456789/11111/22222")


def test_nobody_calls_a_whole_room_together_by_a_title() -> None:
    words = chat.plain("@everyone @here <!channel> <@U123> mail@school.example")
    assert not {"@everyone", "@here", "<!", "<@"} & {
        words[at : at + size] for at in range(len(words)) for size in (2, 5, 9)
    }
    assert "mail@school.example" in words


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    """What is written where everything is logged; a logger that hands nothing on writes nothing."""
    root, handler = logging.getLogger(), logging.StreamHandler(io.StringIO())
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.stream
    root.setLevel(before)
    root.removeHandler(handler)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("away", [True, False])
def test_the_secret_of_an_address_is_nowhere_to_be_found(
    environment: Environment, ada: User, settings: Any, output: io.StringIO, away: bool
) -> None:
    settings.SMSOPS_PRIVATE_CHANNELS = True
    with answering({"*": (500, f"token {CANARY} unknown")}) as url:
        host = "127.0.0.1:9" if away else url.removeprefix("http://")
        contact(ada, f"json://user:{CANARY}@{host}/{CANARY}?+X-Token={CANARY}", way="apprise")
        Channel.objects.create(name="room", address=f"json://{CANARY}:{CANARY}@{host}/{CANARY}")
        policy({"users": [ada]})
        incident = opened(environment)
        sweep.sweep()
    assert Page.objects.exclude(problem="").count() == 2
    rows = [*Page.objects.values_list(), *TimelineEntry.objects.values_list(), *Incident.objects.values_list()]
    assert CANARY not in str(rows)
    assert CANARY not in output.getvalue()
    assert incident.pk


@pytest.mark.django_db(transaction=True)
def test_a_channel_is_told_and_its_page_says_so(environment: Environment, settings: Any) -> None:
    settings.SMSOPS_PRIVATE_CHANNELS = True
    with answering({"*": (200, "ok")}) as url:
        Channel.objects.create(name="room", address=url.replace("http://", "json://"))
        opened(environment)
        assert outbox.send_due() == 1
    assert Page.objects.get().state == PageState.SENT
