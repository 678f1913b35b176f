"""A real Alertmanager, a real door: it fires, repeats, resolves, dies, restarts, leaves out, and finds us away."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from incidents.models import Alert, AlertSource, Delivery, Incident
from incidents.services import digestion
from tests.factories import make_environment
from tests.intake.alertmanagers import Alertmanager, alertmanager
from tests.intake.doors import Door, door
from tests.intake.senders import Sender, sender, states
from tests.places import wait_for

pytestmark = [pytest.mark.alertmanager, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ours(transactional_db: None) -> Sender:
    return sender(make_environment())


@pytest.fixture(scope="module")
def ours_alone(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with door(tmp_path_factory.mktemp("door"), workers=1) as found:
        yield found


@pytest.fixture
def address(ours: Sender, ours_alone: Door) -> str:
    return ours_alone.address(f"/alerts/alertmanager/{ours.token}")


@pytest.fixture
def theirs(address: str, tmp_path: Path) -> Iterator[Alertmanager]:
    with alertmanager(tmp_path / "alertmanager", address) as found:
        yield found


def until(expected: list[str]) -> list[str]:
    """Read what comes until the episodes are in these states."""

    def read() -> bool:
        digestion.digest_all()
        return states() == expected

    wait_for(read, str(expected), 60)
    return expected


def deliveries() -> int:
    return Delivery.objects.count()


def test_an_alert_fires_is_repeated_and_is_over(theirs: Alertmanager) -> None:
    theirs.post("Down")
    until(["firing"])
    incident = Incident.objects.get()
    assert (incident.title, incident.severity) == ("Down is wrong", "critical")
    seen = deliveries()
    wait_for(lambda: deliveries() > seen, "a repeat", 60)
    theirs.post("Down", over=True)
    until(["resolved"])
    incident.refresh_from_db()
    assert (incident.state, incident.timeline.filter(kind="sign").count()) == ("resolved", 1)
    assert AlertSource.objects.get().resolves_seen


def test_one_of_a_group_ends_while_another_fires_and_then_fires_anew(theirs: Alertmanager) -> None:
    theirs.post_hosts("Down", "a", "b")
    until(["firing", "firing"])
    theirs.post("Down", over=True, host="a")
    wait_for(lambda: digestion.digest_all() >= 0 and Alert.objects.filter(state="resolved").exists(), "an end", 60)
    assert Incident.objects.get().live
    theirs.post("Down", host="a", starts=datetime.now(UTC))
    wait_for(lambda: digestion.digest_all() >= 0 and Alert.objects.count() == 3, "another episode", 60)
    assert Alert.objects.filter(state="firing").count() == 2
    assert Incident.objects.count() == 1


def test_one_that_was_killed_and_sends_again_makes_no_second_episode(theirs: Alertmanager) -> None:
    theirs.post("Down")
    until(["firing"])
    theirs.end(signal.SIGKILL)
    digestion.digest_all()
    seen = deliveries()
    theirs.start()
    theirs.post("Down")
    wait_for(lambda: deliveries() > seen, "the same again", 60)
    digestion.digest_all()
    assert (states(), Incident.objects.count()) == (["firing"], 1)


def test_what_it_leaves_out_keeps_the_incident_open(address: str, tmp_path: Path) -> None:
    with alertmanager(tmp_path / "alertmanager", address, most=2) as theirs:
        theirs.post_hosts("Down", "a", "b", "c")
        wait_for(lambda: digestion.digest_all() >= 0 and Alert.objects.filter(truncated=True).count() == 2, "two", 60)
    assert Alert.objects.count() in (2, 3)  # the third is never sent, unless it came before the others
    assert Incident.objects.get().live


def test_while_the_database_is_away_it_sends_again_and_nothing_is_lost(ours: Sender, tmp_path: Path) -> None:
    path, nowhere = f"/alerts/alertmanager/{ours.token}", f"sqlite:///{tmp_path}/nowhere/smsops.sqlite3"
    with contextlib.ExitStack() as stack:
        with door(tmp_path, workers=1, SMSOPS_DATABASE_URL=nowhere) as away:
            theirs = stack.enter_context(alertmanager(tmp_path / "alertmanager", away.address(path)))
            theirs.post("Down")
            wait_for(lambda: "503" in (tmp_path / "alertmanager" / "log").read_text(), "a refusal", 60)
        assert not deliveries()
        with door(tmp_path, workers=1, port=away.port):
            until(["firing"])
