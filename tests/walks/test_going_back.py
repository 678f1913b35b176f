"""A release that nobody wants to keep: back to the one before, with its price in sight, by mouse and by keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from demo.school_client import School
from docs.pictures.browser import PHONE, Browser
from smsops.models import Run
from tests.places import ADMIN, Place
from tests.walks.conftest import SchoolOn
from tests.walks.person import Hands, Keys, Person
from tests.walks.watching import Seen, watch
from tests.workers.conftest import working

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
WHY = "Teachers cannot print the lists"


@pytest.fixture(autouse=True)
def asked_every_time(settings: Settings) -> None:
    """Nobody's sign-in is a proof."""
    settings.SMSOPS_SUDO_MINUTES = 0


def test_the_release_alone_goes_back_from_a_telephone(
    window: Browser, root: str, school_on: SchoolOn, tmp_path: Path
) -> None:
    window.look(PHONE, dark=True)
    person, school = Hands(window), school_on("1.18.0", "1.18.1")
    with working(tmp_path):
        seen = gone_back(person, school, "It costs no data.")
    assert seen.word == "Succeeded"
    assert school.running_version() == "1.18.0"
    assert Run.objects.get(kind="rollback").reason == WHY
    assert window.said == []


def test_the_schema_goes_back_by_keyboard_alone(
    window: Browser, root: str, school_on: SchoolOn, tmp_path: Path
) -> None:
    person, school = Keys(window), school_on("1.18.1", "1.19.0")
    people_work(school)
    with working(tmp_path):
        seen = gone_back(person, school, "announcements: 3 rows are lost")
    assert seen.word == "Succeeded"
    assert school.running_version() == "1.18.1"
    assert window.said == []


def gone_back(person: Person, place: Place, price: str) -> Seen:
    """From the first page past the price, which is told before anything is sent, to the end of the run."""
    to_the_price(person)
    assert price in person.text
    send(person, place)
    return watch(person)


def people_work(place: Place) -> None:
    """What 1.18.1 has no table for."""
    school = School(place.environment.base_url, ADMIN[1])
    school.sign_in()
    for title in ("The term begins on Monday", "No sports on Friday", "Parents' evening at six"):
        school.announce(title)


def to_the_price(person: Person) -> None:
    """From the first page to what going back costs."""
    person.go("Environments")
    person.press("The school")
    person.press("Roll back…")
    assert "The ways back to" in person.text


def send(person: Person, place: Place) -> None:
    """The name of the environment and why; then, once more, who it is."""
    person.fill(name=place.name, reason=WHY)
    person.press("Roll back")
    assert "What you typed is not lost" in person.text
    person.fill(password="password")
    person.press("Roll back")
