"""Fields that take what their kind can be, and say in a sentence what is wrong with anything else."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.utils import timezone

from smsops.admin.typed import DEEPEST, MOST, MomentField, StoredJSONField
from smsops.text import number_in
from tests.admin.browser import Browser, change_page
from tests.factories import make_admin, make_environment, make_silence


def problem(field: forms.Field, typed: str) -> str:
    with pytest.raises(forms.ValidationError) as caught:
        field.clean(typed)
    return " ".join(caught.value.messages)


@pytest.mark.parametrize("typed", ["0001-01-01T00:00", "1999-12-31T23:59", "2100-01-01T00:00", "9999-12-31T23:59"])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/New_York"])
def test_a_moment_too_far_to_be_meant_is_refused(typed: str, zone: str) -> None:
    with timezone.override(zone):
        assert problem(MomentField(), typed) in (
            "Give a time between the years 2000 and 2100.",
            "Give a day and a time, like 2026-03-01 14:05.",
        )


@pytest.mark.parametrize("typed", ["soon", "2026-02-31T10:00", "2026-02-03T10:00+99:99", "9" * 5000, "2026-02-03\0"])
def test_what_is_no_moment_is_refused(typed: str) -> None:
    assert problem(MomentField(), typed) == "Give a day and a time, like 2026-03-01 14:05."


@pytest.mark.parametrize("typed", ["2026-03-01T14:05", "2026-03-01T14:05:09", "2026-03-01 14:05"])
def test_a_moment_is_taken_as_browsers_and_people_write_it(typed: str) -> None:
    assert MomentField().clean(typed).isoformat().startswith("2026-03-01T14:05")


@pytest.mark.parametrize(
    "typed", ['{"a": NaN}', "[Infinity]", "[-Infinity]", "[1e999]", "9" * 5000, "{'a': 1}", '{"a"', "[1,]"]
)
def test_what_is_no_json_is_refused(typed: str) -> None:
    assert problem(StoredJSONField(), typed) == "This is no JSON: look for a missing quote, comma or bracket."


@pytest.mark.parametrize("typed", ['{"\\u0000": 1}', '["a", {"b": "\\ud800"}]'])
def test_json_that_no_database_stores_is_refused(typed: str) -> None:
    assert problem(StoredJSONField(), typed) == "There are signs in it that are no text."
    assert StoredJSONField().bound_data(typed, None) == typed  # as it was typed: a page cannot hold half a sign


@pytest.mark.parametrize("typed", ["[" * 100_000, '{"a":' * 100_000, "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1)])
def test_lists_within_lists_without_end_are_refused(typed: str) -> None:
    field = StoredJSONField()
    assert problem(field, typed) == "Lists within lists, but not so many."
    assert field.bound_data(typed, None) == typed
    assert field.has_changed(None, typed)


def test_json_is_taken() -> None:
    assert StoredJSONField().clean('{"a": [1, 2.5, null, "ä", {"b": true}]}') == {"a": [1, 2.5, None, "ä", {"b": True}]}


@pytest.mark.parametrize(
    ("text", "number"),
    [("17", 17), ("0", 0), ("-1", None), ("²", None), ("٣", None), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("", None),
     ("1_0", None), (" 1", None), ("9" * 5000, None)],
)  # fmt: skip
def test_a_number_in_a_link_is_a_number_or_none(text: str, number: int | None) -> None:
    assert number_in(text) == number


@pytest.mark.django_db
def test_a_count_has_an_upper_end_on_the_page_and_behind_it() -> None:
    environment, browser = make_environment(), Browser(make_admin())
    page = browser.get(change_page(environment))
    (field,) = [each for each in page.all("input") if each.attributes.get("name") == "rpo_minutes"]
    assert (field.attributes["type"], field.attributes["max"]) == ("number", str(MOST))


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["starts_at", "ends_at"])
def test_a_moment_is_chosen_in_the_browsers_own_way(name: str) -> None:
    page = Browser(make_admin()).get(change_page(make_silence()))
    (field,) = [each for each in page.all("input") if each.attributes.get("name") == name]
    assert field.attributes["type"] == "datetime-local"


@pytest.mark.django_db
def test_a_port_keeps_its_own_upper_end() -> None:
    page: Any = Browser(make_admin()).get(change_page(make_environment()))
    (field,) = [each for each in page.all("input") if each.attributes.get("name") == "host_port"]
    assert field.attributes["max"] == "65535"
