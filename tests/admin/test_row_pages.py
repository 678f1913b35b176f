"""Rows that were deleted by accident come back by three clicks: compare, look, put back."""

from __future__ import annotations

from typing import Any

import pytest

from backups.models import Backup
from smsops.models import Run, RunState
from tests.admin.browser import Browser, Page, door
from tests.admin.scenes import its_backup
from tests.factories import make_admin, make_run, make_viewer
from tests.places import Place, drive

pytestmark = pytest.mark.django_db
TABLES = [
    {"table": "students", "before": 200, "after": 150, "added": 0, "changed": 1, "removed": 50, "hidden": 0,
     "only_in": "", "problem": ""},
    {"table": "grades", "before": 9, "after": 9, "added": 0, "changed": 0, "removed": 0, "hidden": 0,
     "only_in": "", "problem": ""},
]  # fmt: skip


def compared(user: Any) -> Page:
    backup = its_backup()
    facts = {"rows.compare": {"tables": TABLES}}
    run = make_run(backup.environment, kind="comparison", params={"backup": backup.pk}, facts=facts)
    return Browser(user).get(run.get_absolute_url())


def put_back_links(page: Page) -> list[str]:
    return [link for link in page.links if "/do/put-back/?" in link]


def test_a_comparison_links_to_putting_back_what_is_lost_of_each_table() -> None:
    (link,) = put_back_links(compared(make_admin()))
    assert link.endswith("?table=students&which=removed")


def test_who_may_not_restore_sees_the_figures_and_no_link() -> None:
    page = compared(make_viewer())
    assert "What is different now" in page.text
    assert put_back_links(page) == []


def test_a_link_fills_the_form_in_but_never_its_reason() -> None:
    page = Browser(make_admin()).get(door(its_backup(), "put-back"), table="students", keys="7", reason="typed for you")
    values = {each.attributes.get("name"): each.attributes.get("value") for each in page.all("input")}
    assert (values["keys"], values.get("reason")) == ("7", None)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Say which rows"),
        ({"keys": "1-99999"}, "too long a stretch"),
        ({"which": "everything"}, "Select a valid choice"),
        ({"table": "teachers", "keys": "1"}, "Select a valid choice"),
    ],
)
def test_a_form_that_says_too_little_or_nonsense_starts_nothing(fields: dict[str, str], said: str) -> None:
    backup = its_backup()
    form = {"table": "students", "reason": "deleted by accident", **fields}
    before = Run.objects.count()
    assert said in Browser(make_admin()).post(door(backup, "put-back"), **form).text
    assert Run.objects.count() == before


def pressed(browser: Browser, target: Backup, name: str, **form: Any) -> Run:
    """The run a button starts, driven to its end."""
    assert browser.post(door(target, name), reason="deleted by accident", **form).status == 302
    run = drive(Run.objects.latest("pk"))
    assert run.state == RunState.SUCCEEDED
    return run


def test_deleted_students_come_back_after_a_look(process_place: Place) -> None:
    place, browser = process_place, Browser(make_admin())
    backup, before = Backup.objects.get(run=place.back_up()), place.students()
    place.execute("DELETE FROM students WHERE id IN (3, 4)")
    compared_run = pressed(browser, backup, "compare")
    assert put_back_links(browser.get(compared_run.get_absolute_url()))
    look = pressed(browser, backup, "put-back", table="students", which="removed", only_look="on")
    assert place.students() == before - 2
    (link,) = put_back_links(browser.get(look.get_absolute_url()))
    assert "only_look=&which=removed" in link
    pressed(browser, backup, "put-back", table="students", which="removed")
    assert place.students() == before
