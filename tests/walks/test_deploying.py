"""A release is chosen, rehearsed and deployed, by somebody who watches it all in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from backups.services import backups
from docs.pictures.browser import Browser
from smsops.models import Run
from smsops.runs.plan import By
from tests.places import drive
from tests.walks.conftest import PATIENCE, SchoolOn
from tests.walks.person import Hands
from tests.walks.watching import LEFT, watch
from tests.workers.conftest import working

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_a_release_is_rehearsed_and_deployed(window: Browser, root: str, school_on: SchoolOn, tmp_path: Path) -> None:
    person, school = Hands(window), school_on("1.18.1")
    assert drive(backups.request(school.environment, By(name="test")), PATIENCE).state == "succeeded"
    with working(tmp_path):
        rehearse(person)
        assert watch(person).word == "Succeeded"
        person.press("Deploy 1.19.0…")
        plan(person)
        seen = watch(person)
    assert seen.word == "Succeeded"
    assert len(seen.steps) > 1  # the page asks once a second: what is quicker is not seen
    assert seen.shares == sorted(seen.shares)
    assert seen.shares[-1] == 1
    assert all(LEFT.search(left) or left == "waits for a worker" for left in seen.left)
    assert school.running_version() == "1.19.0"
    assert window.said == []


def rehearse(person: Hands) -> None:
    """From the first page to the release, and through the form."""
    person.go("Releases")
    person.press("1.19.0")
    assert "never rehearsed" in person.text.lower()
    person.press("Rehearse…")
    assert "goes away at the end" in person.text
    person.fill(reason="The exams begin in two weeks")
    person.press("Rehearse")


def plan(person: Hands) -> None:
    """What the page before a deploy promises, and what it asks."""
    assert "What will happen" in person.text
    assert "RTO" in person.text
    person.tick("I have read what 1.19.0 breaks")
    person.fill(reason="It was rehearsed")
    person.press("Deploy")
    assert Run.objects.latest("pk").reason == "It was rehearsed"
