"""The link in a message: who may use it, for how long, and what it changes."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.test import Client
from django.urls import reverse

from incidents.models import Incident, IncidentState
from incidents.services import lifecycle, links
from smsops.models import Environment
from tests.admin.browser import Page, everything
from tests.paging.conftest import asked, opened, stepped
from tests.paging.people import policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(environment: Environment, ada: User, bo: User) -> Incident:
    policy({"users": [ada]}, {"users": [bo], "after_minutes": 15})
    incident = opened(environment)
    stepped()
    return incident


def address(incident: Incident, user: User) -> str:
    return reverse("acknowledge", args=[links.token(incident.pk, user.pk)])


def opened_page(where: str) -> Page:
    return Page(Client().get(where))


def answered(where: str, answer: str) -> Page:
    return Page(Client().post(where, {"answer": answer}))


def test_looking_changes_nothing(incident: Incident, ada: User) -> None:
    before = everything()
    page = opened_page(address(incident, ada))
    assert [button.text for button in page.all("button")] == ["I have it", "I cannot; go on to the next"]
    assert everything() == before


def test_i_have_it(incident: Incident, ada: User) -> None:
    page = answered(address(incident, ada), "mine")
    incident.refresh_from_db()
    assert (incident.state, incident.acknowledged_by) == (IncidentState.ACKNOWLEDGED, ada)
    assert "It is yours." in page.text
    assert not page.all("button")


def test_used_twice_it_says_so_and_changes_nothing(incident: Incident, ada: User) -> None:
    answered(address(incident, ada), "mine")
    before = everything()
    assert "You have it already." in answered(address(incident, ada), "mine").text
    assert everything() == before


def test_when_somebody_else_has_it_the_page_names_them(incident: Incident, ada: User, bo: User) -> None:
    lifecycle.acknowledge(incident, bo)
    page = opened_page(address(incident, ada))
    assert "bo has it." in page.text
    assert not page.all("button")


def test_i_cannot_pages_the_next(incident: Incident, ada: User) -> None:
    assert "Who comes next is paged now" in answered(address(incident, ada), "later").text
    stepped()
    assert asked(incident) == [("ada", 1), ("bo", 2)]


def test_an_answer_nobody_offered_changes_nothing(incident: Incident, ada: User) -> None:
    before = everything()
    assert "Choose one of the answers." in answered(address(incident, ada), "resolve").text
    assert everything() == before


def forged(incident: Incident, ada: User) -> dict[str, str]:
    good = links.token(incident.pk, ada.pk)
    return {
        "changed": good[:-1] + ("a" if good[-1] != "a" else "b"),
        "signed for something else": signing.dumps([incident.pk, ada.pk], salt="else", compress=True),
        "another key": signing.dumps(
            [incident.pk, ada.pk], key="x", salt="smsops.incidents.acknowledge", compress=True
        ),
        "no such incident": links.token(incident.pk + 1000, ada.pk),
        "no such person": links.token(incident.pk, ada.pk + 1000),
        "nonsense": "x",
    }


@pytest.mark.parametrize(
    "name",
    ["changed", "signed for something else", "another key", "no such incident", "no such person", "nonsense"],
)
def test_a_forged_link_opens_nothing(incident: Incident, ada: User, name: str) -> None:
    where = reverse("acknowledge", args=[forged(incident, ada)[name]])
    before = everything()
    page = answered(where, "mine")
    assert page.status == 404
    assert "does not answer" not in page.text
    assert everything() == before


def test_a_link_lasts_three_days(incident: Incident, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    where = address(incident, ada)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + timedelta(days=2, hours=23).total_seconds())
    assert opened_page(where).status == 200
    monkeypatch.setattr(time, "time", lambda: real() + timedelta(days=3, minutes=1).total_seconds())
    assert answered(where, "mine").status == 404


def test_the_link_of_somebody_who_left_opens_nothing(incident: Incident, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert answered(address(incident, ada), "mine").status == 404
    assert Incident.objects.get().state == IncidentState.OPEN


def test_of_a_private_incident_it_shows_only_that_there_is_one(incident: Incident, ada: User) -> None:
    Incident.objects.update(private=True)
    page = opened_page(address(incident, ada))
    assert "A private incident" in page.text
    assert "does not answer" not in page.html
    assert "connection refused" not in page.html


def test_what_is_shown_of_a_title_is_text(environment: Environment, ada: User) -> None:
    incident = opened(environment)
    Incident.objects.update(title="<script>alert(1)</script>")
    assert "<script>alert" not in opened_page(address(incident, ada)).html


def test_without_a_public_address_there_is_no_link(incident: Incident, settings: Any) -> None:
    settings.SMSOPS_PUBLIC_URL = ""
    assert links.of(incident.pages.get(kind="page")) == ""


def test_it_is_kept_by_no_cache_and_found_by_no_search(incident: Incident, ada: User) -> None:
    page = opened_page(address(incident, ada))
    assert "no-store" in page.response.headers["Cache-Control"]
    assert "noindex" in page.html
