"""Messages on their way, to real servers: signed, tried again, given up, and nobody waits for a bad receiver."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from threading import Thread

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from smsops.models import DeliveryState, Webhook, WebhookDelivery
from smsops.webhooks import outbox, sending
from tests.factories import make_delivery, make_webhook
from tests.places import wait_for
from tests.smsops.servers import dripping, talking
from tests.webhooks.receivers import receiving, verified

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("inside")]
ABSENT = "host|1.1|1|1|claim"


def fresh(delivery: WebhookDelivery) -> WebhookDelivery:
    return WebhookDelivery.objects.select_related("webhook").get(pk=delivery.pk)


def due_now() -> None:
    """As if the time had passed until everything is due again."""
    now = timezone.now()
    WebhookDelivery.objects.update(next_at=now)
    Webhook.objects.update(rests_until=now)


def test_a_message_arrives_signed_as_the_standard_has_it() -> None:
    with receiving() as receiver:
        hook = make_webhook(receiver.url)
        outbox.test(hook)
        assert sending.send_due() == 1
    ((headers, body),) = receiver.came
    assert verified(hook.secret, headers, body)
    assert not verified(hook.secret, headers, body + b" ")
    assert not verified(make_webhook().secret, headers, body)
    assert headers["content-type"] == "application/json"
    assert WebhookDelivery.objects.get().state == DeliveryState.SENT


def test_one_that_fails_gets_the_same_message_again_until_it_recovers() -> None:
    with receiving(answer=500) as receiver:
        delivery = make_delivery(make_webhook(receiver.url))
        assert sending.send_due() == 0
        failed = fresh(delivery)
        assert (failed.state, failed.attempts, failed.status) == (DeliveryState.PENDING, 1, 500)
        assert failed.next_at > timezone.now()
        assert sending.send_due() == 0
        receiver.answer = 200
        due_now()
        assert sending.send_due() == 1
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1
    assert len(receiver.came) == 2
    assert (fresh(delivery).state, fresh(delivery).webhook.failing_since) == (DeliveryState.SENT, None)


@pytest.mark.usefixtures("impatient")
def test_one_that_hangs_holds_up_no_other_and_is_left_in_peace_for_a_while() -> None:
    with receiving(hangs=True) as bad, receiving() as good:
        stuck = [make_delivery(make_webhook(bad.url)) for _ in range(6)]
        hook = make_webhook(good.url)
        for _ in range(20):
            make_delivery(hook)
        asked, began = timezone.now(), time.monotonic()
        sender = Thread(target=_send)
        sender.start()
        wait_for(lambda: len(good.came) == 20, "the good receiver")
        took = time.monotonic() - began
        sender.join()
    assert took < 10
    assert {fresh(each).problem for each in stuck} == {"No answer within 1 s."}
    assert all(fresh(each).webhook.rests_until > asked + timedelta(seconds=sending.REST) for each in stuck)


def _send() -> None:
    try:
        sending.send_due()
    finally:
        connection.close()


@pytest.mark.usefixtures("impatient")
def test_one_that_drips_its_answer_is_cut_off() -> None:
    with talking(dripping(b"HTTP/1.1 200 OK\r\n", b"X-Drop: x\r\n")) as url:
        delivery = make_delivery(make_webhook(f"{url}/"))
        sending.send_due()
    failed = fresh(delivery)
    assert (failed.state, failed.attempts, failed.problem) == (DeliveryState.PENDING, 1, "No answer within 1 s.")


def test_it_is_tried_for_about_a_day_and_then_given_up() -> None:
    assert timedelta(hours=20) < timedelta(seconds=sum(sending.WAITS)) < timedelta(hours=28)
    with receiving(answer=503) as receiver:
        delivery = make_delivery(make_webhook(receiver.url))
        for _ in range(len(sending.WAITS) + 1):
            due_now()
            sending.send_due()
        assert fresh(delivery).state == DeliveryState.FAILED
        due_now()
        sending.send_due()
    assert len(receiver.came) == len(sending.WAITS) + 1


def test_what_was_given_up_is_sent_again_when_somebody_says_so() -> None:
    with receiving() as receiver:
        delivery = make_delivery(make_webhook(receiver.url), state=DeliveryState.FAILED, attempts=15)
        assert sending.send_due() == 0
        outbox.again(delivery)
        assert sending.send_due() == 1
    assert fresh(delivery).state == DeliveryState.SENT


def test_a_message_that_is_refused_does_not_hold_up_the_next() -> None:
    with receiving(answer=400) as receiver:
        hook = make_webhook(receiver.url)
        for _ in range(3):
            make_delivery(hook)
        sending.send_due()
    assert len(receiver.came) == 3


def test_after_days_without_success_it_is_switched_off() -> None:
    since = timezone.now() - timedelta(days=settings.SMSOPS_WEBHOOK_DAYS, seconds=1)
    with receiving(answer=500) as receiver:
        hook = make_webhook(receiver.url, failing_since=since)
        make_delivery(hook)
        sending.send_due()
    hook.refresh_from_db()
    assert (hook.active, "3 days" in hook.switched_off) == (False, True)


def test_one_that_says_it_is_gone_for_good_is_believed() -> None:
    with receiving(answer=410) as receiver:
        delivery = make_delivery(make_webhook(receiver.url))
        sending.send_due()
    assert (fresh(delivery).state, fresh(delivery).webhook.active) == (DeliveryState.FAILED, False)


def test_a_redirect_is_not_followed() -> None:
    with receiving() as other, receiving(answer=307, location=other.url) as receiver:
        delivery = make_delivery(make_webhook(receiver.url))
        sending.send_due()
    assert other.came == []
    assert "redirects are not followed" in fresh(delivery).problem


def test_nobody_there_is_said_in_words() -> None:
    with receiving() as receiver:
        url = receiver.url
    delivery = make_delivery(make_webhook(url))
    sending.send_due()
    assert fresh(delivery).problem == "It refused the connection."


def all_sent() -> bool:
    sending.send_due()
    return not WebhookDelivery.objects.filter(state=DeliveryState.PENDING).exists()


def test_two_senders_at_once_send_each_message_once() -> None:
    with receiving() as receiver:
        for _ in range(4):
            hook = make_webhook(receiver.url)
            for _ in range(5):
                make_delivery(hook)
        senders = [Thread(target=_send) for _ in range(3)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        wait_for(all_sent, "all of them")
    marks = [headers["webhook-id"] for headers, _ in receiver.came]
    assert len(marks) == len(set(marks)) == 20


def test_what_a_dead_sender_had_claimed_is_sent_by_another() -> None:
    with receiving() as receiver:
        hook = make_webhook(receiver.url, holder=ABSENT, claimed_at=timezone.now())
        make_delivery(hook)
        assert sending.send_due() == 0
        Webhook.objects.update(claimed_at=timezone.now() - sending.ABANDONED)
        assert sending.send_due() == 1


def test_a_clock_that_was_set_back_makes_nothing_wait_for_long() -> None:
    ahead = timezone.now() + timedelta(days=2)
    with receiving() as receiver:
        make_delivery(make_webhook(receiver.url, rests_until=ahead), next_at=ahead)
        assert sending.send_due() == 1


def test_neither_logs_nor_rows_hold_the_secret_or_the_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with receiving(answer=500) as receiver:
        hook = make_webhook(receiver.url)
        make_delivery(hook)
        sending.send_due()
        stored = list(WebhookDelivery.objects.values())
        with connection.cursor() as cursor:
            cursor.execute("SELECT url, secret FROM smsops_webhook")
            row = cursor.fetchone()
    for secret in (hook.secret, receiver.url, hook.secret.removeprefix("whsec_")):
        assert secret not in caplog.text + str(stored) + str(row)


def test_a_name_that_cannot_be_looked_up_is_a_failure_like_any_other() -> None:
    delivery = make_delivery(make_webhook("https://nobody.invalid/hooks"))
    sending.send_due()
    assert fresh(delivery).state == DeliveryState.PENDING
    assert fresh(delivery).problem
