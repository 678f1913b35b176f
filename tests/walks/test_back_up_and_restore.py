"""Students are deleted by mistake: a backup was taken before, and they are there again, by mouse, thumb or keyboard."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from backups.models import Backup
from demo.school_client import School
from docs.pictures.browser import PHONE, Browser
from smsops.models import Run
from tests.places import Place
from tests.walks.person import Hands, Keys
from tests.walks.watching import watch
from tests.workers.conftest import Crew

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MISTAKE = "class 3b deleted by mistake"


def test_a_backup_is_taken_and_the_whole_database_goes_back_to_it(
    window: Browser, root: str, sms: Place, people: School, at_work: Crew, settings: Settings
) -> None:
    settings.SMSOPS_SUDO_MINUTES = 0  # whoever signed in a while ago
    person, page, name, before = Hands(window), window.page, sms.environment.name, people.count()
    window.open(root)
    person.press("Back up now")
    person.fill(reason="before the school trip")
    person.press("Back up now")
    assert "200 students" in watch(person).sentence
    assert page.get_by_role("link", name="Cancel").count() == 0
    person.press("Open the backup")
    assert page.get_by_text("Checked", exact=True).is_visible()

    people.delete(12)
    page.reload()
    person.press("Restore…")
    person.press("Compare with now")
    person.press("Compare with now")
    assert watch(person).word == "Succeeded"
    person.press(str(Backup.objects.latest("pk")))
    person.press("Restore…")
    row = page.get_by_role("row").filter(has_text="students")
    assert row.get_by_role("cell").all_inner_texts()[:3] == ["200", "200", "12"], "then, now, come back"

    person.fill(name=f"{name}s", reason=MISTAKE)
    person.press("Restore")
    assert person.said("Name") == f"This is not “{name}”."
    assert page.get_by_label("Reason").input_value() == MISTAKE
    person.fill(name=name)
    person.press("Restore")
    person.type("passwort")
    person.press("Restore")
    assert person.said("Password") == "This is not your password."
    person.type("password")
    person.press("Restore")
    assert watch(person).word == "Succeeded"
    assert people.count() == before
    assert Run.objects.get(kind="restore").reason == MISTAKE
    assert window.said == []


def test_by_keyboard_alone(window: Browser, root: str, sms: Place, people: School, at_work: Crew) -> None:
    person, before = Keys(window), people.count()
    window.open(root)
    person.press("Back up now")
    person.press("Back up now")
    assert "200 students" in watch(person).sentence
    people.delete(12)
    person.press("Open the backup")
    person.press("Restore…")
    person.into("Name", sms.environment.name)
    person.into("Reason", MISTAKE)
    person.press("Restore", key="Space")
    assert watch(person).word == "Succeeded"
    assert people.count() == before
    assert window.said == []


def test_at_night_on_a_telephone_single_rows_go_back_while_sms_runs(
    window: Browser, root: str, sms: Place, people: School, at_work: Crew
) -> None:
    person, page, before = Hands(window), window.page, people.count()
    backup = Backup.objects.get(run=sms.back_up())
    people.delete(3)
    window.look(PHONE, dark=True)
    window.open(root + backup.get_absolute_url())
    person.press("Compare with now")
    person.press("Compare with now")
    assert watch(person).word == "Succeeded"
    person.press("Put back…")
    assert page.get_by_label("rows that were marked as deleted").is_checked()
    person.fill(reason=MISTAKE)
    person.press("Put rows back")
    assert watch(person).word == "Succeeded"
    assert people.count() == before - 3, "it was only looked at"
    person.press("Put them back…")
    person.fill(reason=MISTAKE)
    person.press("Put rows back")
    assert watch(person).word == "Succeeded"
    assert people.count() == before
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert window.said == []
