"""The page of a backup: what one wants of it first, and nothing of what it does not have."""

from __future__ import annotations

import pytest

from tests.admin.browser import Browser
from tests.admin.scenes import its_backup
from tests.admin.test_button_row import names, split
from tests.factories import make_admin

pytestmark = pytest.mark.django_db
RARE = {"pinned": ("Pinned", True), "damage": ("Damage", "A page is gone."), "source": ("Adopted from", "old.db")}


def test_what_brings_data_back_is_in_sight_and_the_rest_under_more() -> None:
    page = Browser(make_admin()).get(its_backup().get_absolute_url())
    assert names(split(page)[0]) == ["restore", "put-back", "compare"]
    assert {"prove", "verify", "pin"} <= set(names(split(page)[1]))


@pytest.mark.parametrize("name", RARE)
def test_what_nearly_no_backup_has_is_shown_only_where_it_has_it(name: str) -> None:
    backup, (label, value) = its_backup(), RARE[name]
    browser = Browser(make_admin())
    assert f"{label}:" not in browser.get(backup.get_absolute_url()).text
    setattr(backup, name, value)
    backup.save()
    assert f"{label}:" in browser.get(backup.get_absolute_url()).text


def test_the_rows_of_its_tables_are_told_in_words() -> None:
    backup = its_backup()
    backup.row_counts = {"students": 1200, "courses": 12}
    backup.save()
    assert "courses 12, students 1,200" in Browser(make_admin()).get(backup.get_absolute_url()).text
