"""Somebody who has to know: who went back, when, from where and why; and whether the trail can be believed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from docs.pictures.browser import PHONE, Browser
from smsops.models import Run
from tests.admin.browser import Browser as Person
from tests.admin.doors import DOORS, REASON
from tests.factories import make_admin, make_user
from tests.walks.person import Hands

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BACK = DOORS["roll back"]


@pytest.fixture
def maria(transactional_db: None) -> User:
    """Who rolled a school back, in between other things."""
    found = make_user(username="maria", is_superuser=True)
    school = BACK.prepare()
    Person(found).post(BACK.address(school), **BACK.form(school))
    Person(make_admin()).get("/")
    return found


def test_who_went_back_and_why_is_found_believed_and_taken_out(
    window: Browser, maria: User, root: str, tmp_path: Path
) -> None:
    person = Hands(window)
    find(person)
    assert (maria.username in person.text, REASON in person.text) == (True, True)
    person.press("Check the chain now")
    assert "is whole" in person.text
    rows = export(person, tmp_path)
    assert {row["who"] for row in rows} == {"maria"}
    assert any(row["reason"] == REASON and row["action"] == "environment.rollback" for row in rows)
    look_closer(person)
    assert window.said == []


def find(person: Hands) -> None:
    """From the first page to the entries of one person."""
    person.go("Audit")
    person.choose("maria")
    person.choose("environment.rollback")


def export(person: Hands, folder: Path) -> list[dict[str, str]]:
    """What the filter shows, as a spreadsheet reads it."""
    with person.page.expect_download() as taken:
        person.page.get_by_role("link", name="Export as CSV").click()
    taken.value.save_as(folder / "audit.csv")
    with (folder / "audit.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def look_closer(person: Hands) -> None:
    """The entry itself, and from there the run, on a telephone as well."""
    run = Run.objects.get(kind="rollback")
    person.window.look(PHONE)
    entry = person.page.locator("#result_list th a").first
    person.window.turn(entry.click)
    assert REASON in person.text
    assert person.window.run("document.documentElement.scrollWidth") <= PHONE[0]
    assert run.reason == REASON
