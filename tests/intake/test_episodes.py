"""Episodes of alerts: when one begins, goes on and ends; what comes twice, late, or in part changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.models import Alert, Delivery
from incidents.services import aging, digestion
from smsops.models import Environment
from tests.intake.senders import Sender, alert, payload, sender, states

pytestmark = pytest.mark.django_db
LATER = "2026-03-01T12:00:00Z"


def long_ago(**times: timedelta) -> None:
    """Let what is known of all alerts have happened earlier."""
    for name, span in times.items():
        Alert.objects.update(**{name: timezone.now() - span})


def test_an_alert_that_fires_begins_an_episode_with_all_that_was_said(prometheus: Sender) -> None:
    prometheus.tell(alert("Slow", text="It takes 3 s", host="web1"))
    found = Alert.objects.get()
    assert (found.name, found.state, found.text, found.severity) == ("Slow", "firing", "It takes 3 s", "medium")
    assert (found.labels["host"], found.url, found.times) == ("web1", "http://prometheus.example/graph", 1)


def test_a_payload_that_comes_again_is_the_same_episode(prometheus: Sender) -> None:
    for _ in range(3):
        prometheus.tell(alert())
    assert (states(), Alert.objects.get().times) == (["firing"], 3)


def test_another_start_without_an_end_between_is_the_same_episode(prometheus: Sender) -> None:
    prometheus.tell(alert())
    prometheus.tell(alert(starts=LATER))
    assert states() == ["firing"]


def test_an_end_ends_the_episode_and_comes_again_for_nothing(prometheus: Sender) -> None:
    for over in (False, True, True):
        prometheus.tell(alert(over=over))
    assert (states(), Alert.objects.get().times) == (["resolved"], 2)


def test_an_alert_that_fires_anew_after_its_end_is_another_episode(prometheus: Sender) -> None:
    prometheus.tell(alert())
    prometheus.tell(alert(over=True))
    prometheus.tell(alert(starts=LATER))
    assert states() == ["resolved", "firing"]


def test_a_message_that_was_overtaken_by_the_end_opens_nothing(prometheus: Sender) -> None:
    prometheus.tell(alert())
    prometheus.tell(alert(over=True))
    prometheus.tell(alert())
    assert states() == ["resolved"]


def test_a_sender_that_always_gives_the_same_start_is_believed_after_a_while(prometheus: Sender) -> None:
    prometheus.tell(alert())
    prometheus.tell(alert(over=True))
    long_ago(resolved_at=timedelta(minutes=3))
    prometheus.tell(alert())
    assert states() == ["resolved", "firing"]


def test_a_payload_may_tell_of_one_that_fires_and_one_that_is_over(prometheus: Sender) -> None:
    prometheus.tell(alert("A"), alert("B"))
    prometheus.tell(alert("A"), alert("B", over=True), status="firing")
    assert states() == ["firing", "resolved"]


def test_absence_is_no_end(prometheus: Sender) -> None:
    prometheus.tell(alert("A"), alert("B"))
    prometheus.tell(alert("A"))
    assert states() == ["firing", "firing"]


def test_an_end_whose_beginning_was_lost_is_written_down(prometheus: Sender) -> None:
    prometheus.tell(alert(over=True))
    assert states() == ["resolved"]
    assert Alert.objects.get().incident is None


def test_many_deliveries_read_together_are_as_if_each_was_read_alone(prometheus: Sender) -> None:
    for over, start in [(False, LATER), (True, LATER), (False, "2026-03-01T13:00:00Z"), (False, ""), (True, "")]:
        prometheus.send(payload(alert(over=over, starts=start)))
    assert digestion.digest_all() == 5
    assert [(each.state, each.times) for each in Alert.objects.order_by("pk")] == [("resolved", 2), ("resolved", 3)]


def test_the_newest_text_and_labels_are_shown(prometheus: Sender) -> None:
    prometheus.tell(alert(text="91 % full"))
    again = {**alert(text="97 % full"), "labels": {"alertname": "Slow", "severity": "critical"}}
    prometheus.tell(again)
    found = Alert.objects.get()
    assert (found.text, found.severity) == ("97 % full", "critical")


def test_the_same_identity_at_two_sources_is_two_alerts(environment: Environment, prometheus: Sender) -> None:
    other = sender(environment, name="another")
    for each in (prometheus, other):
        each.tell(alert())
    other.tell(alert(over=True))
    assert states() == ["firing", "resolved"]


def test_the_database_allows_one_open_episode_of_an_alert(prometheus: Sender) -> None:
    prometheus.tell(alert())
    twin = Alert.objects.get()
    twin.pk, twin.state = None, "stale"
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()


def test_secrets_in_what_is_sent_are_not_kept_in_sight(prometheus: Sender) -> None:
    prometheus.tell(alert(text="login failed, password=hunter2", owner="ada@example.org", api_token="tok-123456"))
    found = Alert.objects.get()
    assert "hunter2" not in found.text
    assert not {"ada@example.org", "tok-123456"} & set(found.labels.values())


def test_a_sender_whose_clock_is_an_hour_wrong_is_understood(prometheus: Sender) -> None:
    ahead = (timezone.now() + timedelta(hours=1)).isoformat()
    prometheus.tell(alert(starts=ahead))
    assert abs(Alert.objects.get().first_at - timezone.now()) < timedelta(minutes=1)
    prometheus.tell({**alert(over=True, starts=ahead), "endsAt": (timezone.now() - timedelta(hours=1)).isoformat()})
    assert states() == ["resolved"]


def test_an_alert_nobody_tells_of_any_more_is_stale_and_not_over(prometheus: Sender) -> None:
    prometheus.tell(alert())
    long_ago(last_at=timedelta(hours=9))
    aging.look()
    found = Alert.objects.get()
    assert (found.state, found.resolved_at) == ("stale", None)
    assert found.incident is not None and found.incident.live


def test_one_that_was_heard_of_lately_is_not_stale(prometheus: Sender) -> None:
    prometheus.tell(alert())
    long_ago(last_at=timedelta(hours=7))
    aging.look()
    assert states() == ["firing"]


def test_what_waits_to_be_read_may_tell_of_it_so_nothing_becomes_stale(prometheus: Sender) -> None:
    prometheus.tell(alert())
    long_ago(last_at=timedelta(hours=9))
    prometheus.send(payload(alert()))
    aging.look()
    assert states() == ["firing"]


def test_alerts_of_a_source_that_may_send_no_more_become_stale_too(prometheus: Sender) -> None:
    prometheus.tell(alert())
    type(prometheus.source).objects.update(enabled=False)
    long_ago(last_at=timedelta(hours=9))
    aging.look()
    assert states() == ["stale"]


def test_a_stale_alert_that_is_heard_of_fires_and_one_that_ends_is_over(prometheus: Sender) -> None:
    for over, state in [(False, "firing"), (True, "resolved")]:
        prometheus.tell(alert())
        long_ago(last_at=timedelta(hours=9))
        aging.look()
        prometheus.tell(alert(over=over))
        assert states() == [state]


def test_a_source_that_never_says_what_is_over_is_known_for_it(prometheus: Sender) -> None:
    assert not prometheus.refresh().never_resolves
    prometheus.tell(alert())
    assert prometheus.refresh().never_resolves
    prometheus.tell(alert(over=True))
    assert not prometheus.refresh().never_resolves


def queries(of: Any) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        of()
    return len(seen)


def test_reading_takes_as_many_queries_for_thirty_alerts_as_for_two(prometheus: Sender) -> None:
    counts = set()
    for number in (2, 30):
        told = [alert("A", host=str(host)) for host in range(number)]
        prometheus.tell(*told)
        prometheus.send(payload(*told))
        counts.add(queries(digestion.digest_all))
        prometheus.tell(*[alert("A", host=str(host), over=True) for host in range(number)])
    assert len(counts) == 1
    assert max(counts) < 30


def test_reading_an_alert_with_a_long_history_looks_at_its_newest_episode_alone(prometheus: Sender) -> None:
    prometheus.tell(alert())
    prometheus.tell(alert(over=True))
    old = Alert.objects.get()
    Alert.objects.bulk_create([Alert(**{**vars_of(old), "starts": None}) for _ in range(50)])
    prometheus.tell(alert(starts=LATER))
    assert states()[-1] == "firing"
    assert Delivery.objects.filter(state="done").count() == 3


def vars_of(found: Alert) -> dict[str, Any]:
    return {field.attname: getattr(found, field.attname) for field in found._meta.fields if not field.primary_key}
