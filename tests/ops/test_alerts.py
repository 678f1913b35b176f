"""`ops alerts`, `ops silence`, `ops sources`, `ops source`."""

from __future__ import annotations

import pytest
from django.utils import timezone

from incidents.models import AlertSource, Silence, token_digest
from smsops.models import Environment
from tests.factories import make_alert, make_alert_source, make_environment, make_incident
from tests.ops.terminal import Terminal


@pytest.fixture
def demo(transactional_db: None) -> Environment:
    return make_environment(name="demo")


def test_alerts_that_fire_are_listed_and_those_that_are_over_on_demand(ops: Terminal, demo: Environment) -> None:
    source = make_alert_source(demo)
    make_alert(source, name="Slow")
    make_alert(source, name="Full", state="resolved")
    make_alert(name="Elsewhere")
    said = ops("alerts", "demo")
    assert (said.code, "Slow" in said.out, "Full" in said.out, "Elsewhere" in said.out) == (1, True, False, False)
    assert [each["name"] for each in ops("alerts", "demo", "--all", "--json").document] == ["Full", "Slow"]


def test_nothing_that_fires_aloud_is_a_good_answer(ops: Terminal, demo: Environment) -> None:
    make_alert(make_alert_source(demo), quiet="Maintenance: New disks")
    make_alert(incident=make_incident(private=True))
    said = ops("alerts")
    assert (said.code, "Firing (quiet)" in said.out) == (0, True)


def test_a_silence_is_made_for_a_while_and_with_a_reason(ops: Terminal, demo: Environment) -> None:
    said = ops("silence", "demo", "alertname=High*", "host=web1", "--for", "2h", "--reason", "we know")
    found = Silence.objects.get()
    assert (said.code, found.match) == (0, {"alertname": "High*", "host": "web1"})
    assert found.reason.startswith("we know (")
    assert 7190 < (found.ends_at - timezone.now()).total_seconds() <= 7200


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["alertname", "--for", "2h"], "NAME=PATTERN"),
        (["a=b", "--for", "tomorrow"], "no span of time"),
        (["a=b", "--for", "8d"], "within 7 days"),
        (["a=*", "--for", "2h"], "fits every alert"),
    ],
)
def test_a_wrong_silence_is_told_in_a_sentence(
    ops: Terminal, demo: Environment, words: list[str], complaint: str
) -> None:
    said = ops("silence", "demo", *words, "--reason", "we know")
    assert (said.code, complaint in said.complaint) == (2, True)
    assert not Silence.objects.exists()


def test_a_source_is_made_and_its_address_printed_once(ops: Terminal, demo: Environment) -> None:
    said = ops("source", "demo", "prometheus", "alertmanager")
    address = said.lines[1]
    assert said.code == 0
    assert token_digest(address.rpartition("/")[2]) == AlertSource.objects.get().token_sha256
    assert f"- url: {address}" in said.out
    assert address.rpartition("/")[2] not in ops("sources", "demo").out


def test_a_known_source_gets_another_token_only_when_asked(ops: Terminal, demo: Environment) -> None:
    source = make_alert_source(demo, name="prometheus")
    assert "--renew" in ops("source", "demo", "prometheus", "alertmanager").complaint
    assert AlertSource.objects.get().token_sha256 == source.token_sha256
    document = ops("source", "demo", "prometheus", "--renew", "--json").document
    assert token_digest(document["address"].rpartition("/")[2]) == AlertSource.objects.get().token_sha256


def test_a_strange_kind_is_wrong_use(ops: Terminal, demo: Environment) -> None:
    assert ops("source", "demo", "x", "pigeon").code == 2
    assert ops("source", "demo", "x", "--renew").code == 2
    assert not AlertSource.objects.exists()


def test_sources_say_how_they_do(ops: Terminal, demo: Environment) -> None:
    refused = "The body is not JSON."
    make_alert_source(demo, name="prometheus", last_heard_at=timezone.now(), refused_why=refused)
    said = ops("sources", "demo")
    assert "it has never said so" in said.out
    assert refused in said.out


def test_a_wrong_number_is_named(ops: Terminal, demo: Environment) -> None:
    said = ops("source", demo.name, "nightly", "heartbeat", "--every", "-5")
    assert (said.code, said.complaint.startswith("--every: ")) == (2, True)
