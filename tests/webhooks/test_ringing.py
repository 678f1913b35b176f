"""A message is sent right after its change, whether beat lives or not; and people see when nobody sends."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from smsops import tasks
from smsops.models import Webhook, WebhookDelivery
from smsops.webhooks import outbox
from tests.admin.browser import Browser, Page, changelist
from tests.brokers import bells_in
from tests.factories import make_admin, make_delivery, make_webhook

pytestmark = pytest.mark.django_db(transaction=True)
LONG = timedelta(minutes=2)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with bells_in(folder):
        yield folder


def rung(folder: Path) -> list[Any]:
    """The tasks that were rung for."""
    return [json.loads(path.read_text())["headers"]["task"] for path in sorted(folder.glob("*.msg"))]


def test_a_sender_is_rung_for_as_soon_as_the_change_is_there(broker: Path) -> None:
    hook = make_webhook()
    with transaction.atomic():
        outbox.test(hook)
        assert rung(broker) == []
    assert rung(broker) == [tasks.send_webhooks.name]


def test_one_that_is_sent_again_is_rung_for(broker: Path) -> None:
    outbox.again(make_delivery(state="failed"))
    assert rung(broker) == [tasks.send_webhooks.name]


def test_what_was_rolled_back_is_rung_for_by_nobody(broker: Path) -> None:
    hook = make_webhook()
    with pytest.raises(RuntimeError), transaction.atomic():
        outbox.test(hook)
        raise RuntimeError
    assert rung(broker) == []


def test_a_change_nobody_wants_to_hear_of_rings_for_nobody(broker: Path) -> None:
    make_webhook(events=["run.ended"])
    outbox.tell("run.started", "run:7", dict, None)
    assert rung(broker) == []


def test_a_broker_that_is_away_stops_nobody(broker: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    hook = make_webhook()
    broker.rmdir()
    broker.write_text("no folder")
    outbox.test(hook)
    assert WebhookDelivery.objects.count() == 1
    assert "the broker is away" in caplog.text


def a_page(hook: Webhook) -> Page:
    return Browser(make_admin()).get(hook.get_absolute_url())


def test_the_page_says_that_nobody_sends_what_has_been_due_for_minutes() -> None:
    hook = make_webhook(rests_until=timezone.now() - LONG)
    make_delivery(hook, next_at=timezone.now() - LONG)
    make_delivery(hook, next_at=timezone.now() - LONG / 3)
    assert "Nobody sends, and 2 messages wait, since 2 min ago: start a worker and beat." in a_page(hook).text
    assert "Not sent" in Browser(make_admin()).get(changelist(Webhook)).text


@pytest.mark.parametrize(
    "fields",
    [{"claimed_at": timedelta(seconds=5)}, {"rests_until": timedelta(seconds=5)}],
    ids=["a sender is at it", "it rests"],
)
def test_what_somebody_is_at_or_puts_off_is_sent(fields: dict[str, timedelta]) -> None:
    moments: dict[str, Any] = {"rests_until": timezone.now() - LONG}
    moments |= {name: timezone.now() - ago for name, ago in fields.items()}
    hook = make_webhook(**moments)
    make_delivery(hook, next_at=timezone.now() - LONG)
    assert "Sends what is due." in a_page(hook).text
