"""A post-mortem from its draft to its publication, by two people; nothing that was typed is lost on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from docs.pictures.browser import Browser
from incidents.models import Incident, PostMortem
from incidents.postmortems.sections import CHECKLIST, SECTIONS
from incidents.services import incidents, lifecycle
from smsops.models import Environment
from tests.factories import make_environment, make_user
from tests.paging.people import DOWN
from tests.places import wait_for
from tests.walks.person import Hands, Keys, Person, sign_out
from tests.workers.conftest import working

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
TEXTS = {
    "In short": "SMS was away for twelve minutes.",
    "What people felt": "Nobody could enter marks.",
    "Why it happened": "The disk was **full**, and nothing watched it.",
    "What went well": "The page came within a minute.",
    "What went wrong": "Nobody knew where the logs are.",
    "Where we got lucky": "It was a Sunday.",
    "What surprised us": "Logs are not rotated.",
    "What else shares this": "The library's server.",
}


@pytest.fixture
def environment(transactional_db: None) -> Environment:
    return make_environment(name="school", title="The school")


@pytest.fixture
def bob(transactional_db: None) -> User:
    """Somebody who wrote nothing of it."""
    return make_user(username="bob", is_superuser=True)


@pytest.fixture
def over(environment: Environment, admin_user: User) -> Incident:
    """What was bad enough for a post-mortem by itself, and is over."""
    found, _ = incidents.report(environment, DOWN)
    lifecycle.acknowledge(found, admin_user)
    lifecycle.resolve(found, "The disk was cleared.", admin_user, "Nothing runs here.")
    return found


def test_it_is_drafted_written_by_keyboard_reviewed_by_somebody_else_and_published(
    window: Browser, root: str, over: Incident, bob: User, tmp_path: Path
) -> None:
    with working(tmp_path):
        wait_for(lambda: PostMortem.objects.filter(incident=over, measured_at__isnull=False), "the draft", 300)
        writer = Keys(window)
        to_the_draft(writer, over)
        written(writer)
        review(Hands(window), root, bob)
    found = PostMortem.objects.get()
    assert (found.state, found.approved_by, found.alone) == ("published", bob, False)
    assert found.texts == dict(zip(SECTIONS, TEXTS.values(), strict=True))
    document = taken_out(Hands(window), tmp_path)
    assert [text for text in TEXTS.values() if text not in document] == []
    assert window.said == []


def to_the_draft(person: Person, incident: Incident) -> None:
    """From the first page by the incident to the form."""
    person.go("Incidents")
    person.press(incident.title)
    person.press("Post-mortem")
    assert "What people say" in person.text
    person.press("Write…")


def written(person: Person) -> None:
    """Every part filled in, and handed in."""
    for title, text in TEXTS.items():
        person.into(title, text)
    person.press("Write")
    assert "Version 1 is saved." in person.text
    person.press("Hand in for review…")
    person.press("Hand in for review")
    assert "In review" in person.text


def review(person: Hands, root: str, who: User) -> None:
    """Somebody else signs in, answers the reviewer's questions with yes, and publishes it."""
    sign_out(person.window)
    person.window.open(root + reverse("admin:incidents_postmortem_changelist"))
    person.window.submit("#login-form", username=who.username, password="secret")
    person.window.turn(person.page.locator("#result_list tbody a").first.click)
    person.press("Approve…")
    for question in CHECKLIST.values():
        person.tick(question)
    person.press("Approve")
    person.press("Publish…")
    person.press("Publish")
    assert "It is published." in person.text


def taken_out(person: Hands, folder: Path) -> str:
    """The document as it is handed on."""
    with person.page.expect_download() as taken:
        person.page.get_by_role("link", name="Markdown").click()
    taken.value.save_as(folder / "post-mortem.md")
    return (folder / "post-mortem.md").read_text(encoding="utf-8")
