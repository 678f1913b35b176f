"""What every list has: a search or a reason for none, a way on where it is empty, times told both ways, filters and
what is asked most above the table."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import DateTimeField, Model
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from incidents.models import ReviewRule, SeverityRule
from smsops.admin.nothing import Nothing
from smsops.models import ApiToken, AuditEntry, Environment
from tests.admin.browser import Browser, Page, changelist
from tests.admin.test_viewers import MAKE
from tests.factories import make_admin, make_token, make_user, make_viewer

pytestmark = pytest.mark.django_db

WITHOUT_SEARCH: dict[type[Model], str] = {
    ReviewRule: "one row for each severity",
    SeverityRule: "one row for each severity",
    CrontabSchedule: "django-celery-beat's own list, which only superusers change",
    IntervalSchedule: "django-celery-beat's own list, which only superusers change",
}
OTHERS = (User, Group, PeriodicTask, CrontabSchedule, IntervalSchedule)  # lists of other packages
NEVER_EMPTY = (AuditEntry,)  # that somebody looks at it is written down in it
every_list = pytest.mark.parametrize("model", MAKE, ids=lambda model: model.__name__)
own = [model for model in MAKE if model not in (*OTHERS, *NEVER_EMPTY)]
every_list_of_ours = pytest.mark.parametrize("model", own, ids=lambda model: model.__name__)


def page_of(model: type[Model]) -> Any:
    return admin.site._registry[model]


def emptied(model: type[Model]) -> None:
    model._default_manager.all().delete()


def nothing(page: Page) -> str:
    (found,) = page.all("div", "nothing")
    return found.text


@every_list
def test_a_list_is_searched_or_there_is_a_reason_not_to(model: type[Model]) -> None:
    searched = bool(page_of(model).search_fields)
    assert searched != (model in WITHOUT_SEARCH)
    if searched:
        MAKE[model]()
        page = Browser(make_admin()).get(changelist(model), q="nothing is called this")
        assert [each for each in page.all("input") if each.attributes.get("id") == "searchbar"]


@every_list_of_ours
def test_an_empty_list_says_so_in_a_sentence_and_how_it_goes_on(model: type[Model]) -> None:
    emptied(model)
    page = Browser(make_admin()).get(changelist(model))
    said = nothing(page)
    assert said.count(".") == 1
    assert said.endswith(".") or page.all("a", "button-link")


@every_list_of_ours
def test_the_way_on_from_an_empty_list_leads_somewhere(model: type[Model]) -> None:
    found = getattr(page_of(model), "nothing", None)
    assert isinstance(found, Nothing) or page_of(model).has_add_permission is not None
    emptied(model)
    browser = Browser(make_admin())
    page = browser.get(changelist(model))
    ways = [each.attributes["href"] for each in page.all("a", "button-quiet")]
    assert [way for way in ways if browser.get(way).status != 200] == []


@every_list_of_ours
def test_who_may_not_go_on_is_offered_no_way(model: type[Model]) -> None:
    emptied(model)
    user = make_user(f"{model._meta.app_label}.view_{model._meta.model_name}")
    browser = Browser(user)
    ways = [each.attributes["href"] for each in browser.get(changelist(model)).all("a", "button-quiet")]
    assert [way for way in ways if browser.get(way).status != 200] == []


@every_list
def test_where_a_filter_or_a_search_hides_every_row_the_list_says_that(model: type[Model]) -> None:
    MAKE[model]()
    if model in WITHOUT_SEARCH:
        return
    page = Browser(make_admin()).get(changelist(model), q="nothing is called this")
    assert "fits what is asked for." in nothing(page)
    assert [each.text for each in page.all("a", "button-quiet")] == ["Show all"]


@every_list_of_ours
def test_moments_in_a_list_are_told_both_ways(model: type[Model]) -> None:
    fields = {field.name for field in model._meta.fields if isinstance(field, DateTimeField)}
    wanted = fields & {name for name in page_of(model).list_display if isinstance(name, str)}
    row = MAKE[model]()
    page = Browser(make_admin()).get(changelist(model))
    told = [each.attributes.get("title", "") for each in page.all("time")]
    assert len(told) >= len([name for name in wanted if getattr(row, name) is not None])
    assert all(title.endswith("UTC") for title in told if title)


def test_a_token_says_how_long_it_lasts_and_until_when() -> None:
    token = make_token()
    (told, *_) = Browser(make_admin()).get(changelist(ApiToken)).all("time")
    assert told.text.startswith("in ")
    assert told.attributes["title"] == f"{token.expires_at:%Y-%m-%d %H:%M:%S} UTC"


PRESETS = [(model, label, query) for model in MAKE for label, query in getattr(page_of(model), "presets", ())]


@pytest.mark.parametrize(("model", "label", "query"), PRESETS, ids=lambda value: str(getattr(value, "__name__", value)))
def test_what_is_asked_most_is_one_press_away(model: type[Model], label: str, query: str) -> None:
    MAKE[model]()
    browser = Browser(make_viewer())
    assert f"?{query}" in browser.get(changelist(model)).links
    page = browser.get(f"{changelist(model)}?{query}")
    assert page.status == 200  # Django would lead away from what it does not know
    assert [each.text for each in page.all("strong") if each.text.endswith("✕")] == [f"{label} ✕"]


@pytest.mark.parametrize("model", [Environment], ids=lambda model: model.__name__)
def test_filters_are_above_the_table(model: type[Model]) -> None:
    MAKE[model]()
    html = Browser(make_viewer()).get(changelist(model)).html
    assert html.index('id="changelist-filter"') < html.index('id="result_list"')
    assert html.count("Runtime") >= 1
