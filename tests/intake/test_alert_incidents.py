"""From alerts to incidents: one per cause, joined by later alerts, over with the last of them where that is known."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.models import Alert, Delivery, Incident, Page, Severity
from incidents.services import aging, digestion, incidents, lifecycle, watching
from incidents.services.incidents import Sign
from smsops import signals
from smsops.models import Environment, Run
from tests.factories import make_backup, make_incident, make_run, make_user, make_watch
from tests.intake.senders import Sender, alert, payload, sender, signs, states
from tests.paging.conftest import asked, stepped
from tests.paging.people import person, policy
from tests.smsops.crowd import together

pytestmark = pytest.mark.django_db


def only() -> Incident:
    return Incident.objects.get()


def hosts(number: int, **more: Any) -> list[dict[str, Any]]:
    return [alert("Slow", host=f"web{host}", text=f"web{host} is slow", **more) for host in range(number)]


def test_an_alert_opens_an_incident_with_its_words_and_its_severity(prometheus: Sender) -> None:
    prometheus.tell(alert(text="It takes 3 s"))
    incident = only()
    assert (incident.title, incident.severity, incident.issue) == ("It takes 3 s", "medium", "service")
    assert signs(incident) == ["1 alert from alertmanager: It takes 3 s."]
    assert Alert.objects.get().incident == incident


def test_alerts_of_one_group_are_one_incident_and_later_ones_join_it(prometheus: Sender) -> None:
    prometheus.tell(*hosts(2))
    prometheus.tell(*hosts(4))
    assert only().title == "2 alerts: Slow"
    assert Alert.objects.filter(incident=only()).count() == 4
    assert signs(only())[1] == "2 alerts from alertmanager: web2 is slow; web3 is slow."


def test_a_repeat_adds_nothing_to_the_incident(prometheus: Sender) -> None:
    for _ in range(3):
        prometheus.tell(alert())
    assert len(signs(only())) == 1


def test_a_worse_alert_raises_the_incident(prometheus: Sender) -> None:
    prometheus.tell(alert())
    prometheus.tell({**alert(), "labels": {"alertname": "Slow", "severity": "critical"}})
    assert only().severity == "critical"


def test_the_incident_is_over_with_its_last_alert_and_not_before(prometheus: Sender) -> None:
    prometheus.tell(*hosts(2))
    prometheus.tell(hosts(2, over=True)[0], hosts(2)[1])
    assert only().live
    prometheus.tell(hosts(2, over=True)[1])
    assert (only().state, only().resolution) == ("resolved", "Every alert of it is over.")


def test_an_acknowledged_incident_ends_as_well(prometheus: Sender) -> None:
    prometheus.tell(alert())
    lifecycle.acknowledge(only(), make_user())
    prometheus.tell(alert(over=True))
    assert only().state == "resolved"


def ended(minutes: int) -> None:
    """The incident and the alerts of it were over so long ago."""
    before = timezone.now() - timedelta(minutes=minutes)
    Incident.objects.update(resolved_at=before)
    Alert.objects.update(resolved_at=before)


def test_an_alert_that_fires_anew_long_after_its_end_opens_another(prometheus: Sender) -> None:
    prometheus.tell(alert())
    prometheus.tell(alert(over=True))
    ended(minutes=31)
    prometheus.tell(alert(starts="2026-03-01T12:00:00Z"))
    assert sorted(Incident.objects.values_list("state", flat=True)) == ["open", "resolved"]


def test_an_alert_that_comes_and_goes_is_one_incident_that_is_over_once_it_stays_away(prometheus: Sender) -> None:
    prometheus.tell(alert())
    for hour in (12, 13, 14):
        prometheus.tell(alert(over=True))
        prometheus.tell(alert(starts=f"2026-03-01T{hour}:00:00Z"))
    prometheus.tell(alert(over=True))
    assert (only().live, only().flapping, only().reopened, Alert.objects.count()) == (True, True, 1, 4)
    aging.look()
    assert only().live
    ended(minutes=11)
    aging.look()
    assert (only().state, only().resolution) == ("resolved", "Every alert of it is over.")


def test_what_the_sender_left_out_keeps_the_incident_open(prometheus: Sender) -> None:
    prometheus.tell(*hosts(2), truncatedAlerts=1)
    prometheus.tell(*hosts(2, over=True), truncatedAlerts=1)
    assert only().live
    assert signs(only())[-1].endswith("the sender left some out, so nobody knows of all of them.")


def test_a_payload_that_leaves_nothing_out_ends_the_doubt(prometheus: Sender) -> None:
    prometheus.tell(*hosts(2), truncatedAlerts=1)
    prometheus.tell(*hosts(2, over=True), truncatedAlerts=1)
    prometheus.tell(alert("Slow", host="web9"))
    assert only().live
    prometheus.tell(alert("Slow", host="web9", over=True))
    assert only().state == "resolved"


def test_a_stale_alert_keeps_the_incident_open_and_says_so(prometheus: Sender) -> None:
    prometheus.tell(*hosts(2))
    Alert.objects.filter(labels__host="web0").update(last_at=timezone.now() - timedelta(hours=9))
    aging.look()
    prometheus.tell(hosts(2, over=True)[1])
    assert only().live
    assert signs(only())[1].startswith("Not heard of any more")


def test_a_stale_alert_that_is_heard_of_again_says_so(prometheus: Sender) -> None:
    prometheus.tell(alert())
    Alert.objects.update(last_at=timezone.now() - timedelta(hours=9))
    aging.look()
    prometheus.tell(alert())
    assert signs(only())[-1] == "Heard of again, and still there: Slow."


def resolved_by_a_person(minutes: int) -> Incident:
    lifecycle.resolve(only(), "It looks well.", make_user(), "They are late.")
    Incident.objects.update(resolved_at=timezone.now() - timedelta(minutes=minutes))
    return only()


def test_who_calls_it_resolved_while_alerts_fire_is_contradicted_in_writing(prometheus: Sender) -> None:
    prometheus.tell(*hosts(2))
    found = resolved_by_a_person(0)
    assert found.contradicted == "This alert still fires: Slow."


def test_an_alert_that_still_fires_a_while_later_opens_another_incident(prometheus: Sender) -> None:
    prometheus.tell(alert())
    before = resolved_by_a_person(6)
    prometheus.tell(alert())
    assert Incident.objects.filter(state="open").exclude(pk=before.pk).get() == Alert.objects.get().incident


def test_one_that_is_repeated_at_once_does_not(prometheus: Sender) -> None:
    prometheus.tell(alert())
    resolved_by_a_person(1)
    prometheus.tell(alert())
    assert only().state == "resolved"


def test_the_end_of_an_alert_whose_incident_is_over_changes_nothing(prometheus: Sender) -> None:
    prometheus.tell(alert())
    resolved_by_a_person(1)
    prometheus.tell(alert(over=True))
    assert (only().state, only().resolution) == ("resolved", "It looks well.")


def test_an_alert_about_sms_being_away_joins_the_incident_about_that(
    environment: Environment, prometheus: Sender
) -> None:
    known = make_incident(environment, fingerprint="service")
    prometheus.tell(alert("APIDown"))
    assert only() == known
    prometheus.tell(alert("APIDown", over=True))
    assert only().live  # smsops looks itself
    assert signs(only())[-1] == "Every alert of it is over."


def test_smsops_does_not_end_an_incident_while_somebody_else_still_sees_it(
    environment: Environment, prometheus: Sender
) -> None:
    watch = make_watch(environment)
    prometheus.tell(alert("APIDown"))
    watching._resolve(watch)
    assert only().live
    prometheus.tell(alert("APIDown", over=True))
    watching._resolve(watch)
    assert only().state == "resolved"


def test_a_cause_that_is_named_joins_the_alerts_of_two_sources(environment: Environment) -> None:
    rules = [{"match": {"alertname": "Slow"}, "cause": "checkout", "issue": "data"}]
    first, second = (sender(environment, name=name, rules=rules) for name in "ab")
    first.tell(alert())
    second.tell(alert())
    first.tell(alert(over=True))
    assert (only().live, only().issue) == (True, "data")
    second.tell(alert(over=True))
    assert only().state == "resolved"


@pytest.mark.django_db(transaction=True)
def test_fifty_payloads_at_once_on_an_empty_database_are_one_incident(environment: Environment) -> None:
    prometheus = sender(environment)
    body = payload(*hosts(3))
    assert together(50, lambda: prometheus.send(body)) == [202] * 50
    while Delivery.objects.filter(state="new").exists():
        together(4, digestion.digest_all)
    assert (Incident.objects.count(), len(states())) == (1, 3)
    assert set(Alert.objects.values_list("times", flat=True)) == {50}


@pytest.mark.django_db(transaction=True)
def test_two_sources_that_end_one_cause_at_once_end_its_incident(environment: Environment) -> None:
    rules = [{"match": {"alertname": "Slow"}, "cause": "checkout"}]
    senders = [sender(environment, name=str(number), rules=rules) for number in range(4)]
    for each in senders:
        each.tell(alert())
    for each in senders:
        each.send(payload(alert(over=True)))
    while Delivery.objects.filter(state="new").exists():
        together(4, digestion.digest_all)
    assert only().state == "resolved"


def test_what_our_own_rules_say_of_backups_joins_the_incident_about_them_and_ends_with_a_good_one(
    environment: Environment, prometheus: Sender
) -> None:
    prometheus.tell(alert("SmsopsBackupTooOld", environment="school"))
    assert (only().fingerprint, only().issue, only().severity) == ("backup", "data", "medium")
    incidents.report(environment, Sign("backup", Severity.HIGH, "No backup of school", "The disk is full."))
    assert only().severity == "high"
    good = make_run(environment)
    make_backup(environment, run=good)
    signals.run_ended.send(sender=Run, run=good)
    assert only().state == "resolved"


def test_a_storm_of_ten_thousand_alerts_is_one_incident_and_one_page_a_person_and_none_is_dropped(
    environment: Environment, prometheus: Sender
) -> None:
    policy({"users": [person("ada"), person("bo")]}, environment=environment)
    for first in range(0, 10_000, 100):
        many = [alert("Slow", host=f"web{number}") for number in range(first, first + 100)]
        assert prometheus.send(payload(*many)) == 202
    assert digestion.digest_all() == 100
    assert Alert.objects.filter(incident=only(), state="firing").count() == 10_000
    assert only().timeline.count() < 100
    assert (stepped(), stepped()) == (2, 0)
    assert sorted(asked(only())) == [("ada", 1), ("bo", 1)]
    assert Page.objects.count() == 2


def test_a_payload_of_ten_thousand_alerts_is_read_and_ended_at_once(prometheus: Sender) -> None:
    many = [alert("Slow", host=f"web{number}") for number in range(10_000)]
    prometheus.tell(*many)
    assert "10,000 alerts" in only().title
    with CaptureQueriesContext(connection) as seen:
        prometheus.tell(*[{**each, "status": "resolved"} for each in many])
    assert only().state == "resolved"
    assert len(seen) < 400
