"""An incident at night, on a telephone in the dark: from the page that was sent to its end."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from pytest_django import Settings

from demo.telephone import Telephone
from docs.pictures.browser import PHONE, Browser
from incidents.models import Contact, EscalationPolicy, Incident, IncidentState, Severity, Way
from incidents.services import incidents
from tests.factories import make_admin, make_environment
from tests.paging.people import DOWN, policy
from tests.places import Place, wait_for
from tests.walks.conftest import SchoolOn
from tests.walks.person import Hands
from tests.walks.watching import watch
from tests.workers.conftest import working

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
WIDE = "document.documentElement.scrollWidth"


@pytest.fixture
def telephone() -> Iterator[Telephone]:
    found = Telephone()
    yield found
    found.hang_up()


@pytest.fixture
def on_call(telephone: Telephone, transactional_db: None, settings: Settings, live_server: Any) -> User:
    """Somebody whose telephone rings for everything; the link in the page leads to this server."""
    settings.SMSOPS_PUBLIC_URL = live_server.url
    somebody = make_admin()
    Contact.objects.create(user=somebody, way=Way.APPRISE, address=telephone.address, label="telephone")
    EscalationPolicy.objects.all().delete()
    policy({"users": [somebody]})
    return somebody


def hang(place: Place) -> None:
    """SMS is there and answers nobody."""
    told: Any = place.runtime.describe(place.environment.instance)
    os.kill(told["state"]["pid"], signal.SIGSTOP)


def the_link(telephone: Telephone) -> str:
    """What somebody presses in the page that was sent to them."""
    rang = wait_for(lambda: [each for each in telephone.heard if "Acknowledge: " in each], "the telephone to ring", 300)
    found = re.search(r"Acknowledge: (\S+)", rang[0])
    assert found is not None
    return found[1]


def test_who_is_woken_takes_it_by_the_link_and_brings_sms_back(
    window: Browser, school_on: SchoolOn, on_call: User, telephone: Telephone, tmp_path: Path, live_server: Any
) -> None:
    window.look(PHONE, dark=True)
    person, school = Hands(window), school_on("1.18.1")
    with working(tmp_path, SMSOPS_PUBLIC_URL=live_server.url, SMSOPS_PRIVATE_CHANNELS="1"):
        hang(school)
        window.open(the_link(telephone))
        take(person, on_call)
        back(person, school)
        assert watch(person).word == "Succeeded"
        incident = Incident.objects.get(issue="service")
        wait_for(lambda: Incident.objects.filter(pk=incident.pk, state=IncidentState.RESOLVED), "its end", 300)
    assert school.serving()
    assert window.said == []


def take(person: Hands, who: User) -> None:
    """“I have it”, without signing in; then in, to see what goes on."""
    person.press("I have it")
    assert "It is yours." in person.text
    assert Incident.objects.get(issue="service").acknowledged_by == who
    person.press("Open the incident (you may have to sign in)")
    person.window.submit("#login-form", username=who.username, password="secret")
    assert "has it" in person.text
    assert person.window.run(WIDE) <= PHONE[0]


def back(person: Hands, place: Place) -> None:
    """The way that the recovery clock recommends, once it has looked."""
    wait_for(lambda: "recommended" in person.text, "a way back", 300)
    assert person.window.run(WIDE) <= PHONE[0]
    person.press("Restart…")
    person.fill(name=place.name, reason="It hangs")
    person.press("Restart")


def test_an_incident_is_taken_in_the_admin_and_goes_its_way_to_the_end(window: Browser, root: str) -> None:
    window.look(PHONE, dark=True)
    person = Hands(window)
    incident, _ = incidents.report(make_environment(name="school"), DOWN)
    window.open(root + reverse("admin:index"))
    person.press(incident.title)
    for button, said in (("Acknowledge", ""), ("Mitigated", "Restarted by hand"), ("Resolve", "The disk was full")):
        step(person, button, said)
    incident.refresh_from_db()
    assert (incident.state, incident.severity) == (IncidentState.RESOLVED, Severity.CRITICAL)
    assert incident.resolution == "The disk was full"
    assert window.said == []


def step(person: Hands, button: str, said: str) -> None:
    """One move of the incident, by its button and the page behind it."""
    person.press(button if button == "Acknowledge" else f"{button}…")
    if said:
        person.into("What ended it" if button == "Resolve" else "Reason", said)
    person.press(button)
    assert person.window.run(WIDE) <= PHONE[0]
