"""A long list counts to a limit, says so, and offers its dates without reading itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from smsops.admin import filters, paging
from smsops.models import Environment, Run
from tests.admin.browser import Browser, Page, changelist
from tests.factories import make_admin, make_environment, make_run, make_viewer

pytestmark = pytest.mark.django_db


def runs(**asked: str) -> Page:
    page = Browser(make_viewer()).get(changelist(Run), **asked)
    assert page.status == 200
    return page


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Five runs, where a list counts to three."""
    monkeypatch.setattr(paging, "MOST", 3)
    environment = make_environment(name="here")
    for number in range(5):
        make_run(environment, title=f"Run the {number}th")
    return environment


def test_a_list_that_is_longer_than_is_counted_says_so(long: Environment) -> None:
    assert "more than 3 runs" in runs().text


def test_a_search_in_it_tells_how_much_was_found(long: Environment) -> None:
    assert "1 result" in runs(q="the 2th").text
    assert "more than 3 results" in runs(q="Run").text


def test_a_short_list_is_counted_exactly(long: Environment) -> None:
    assert "1 run " in f"{runs(q='the 2th').text} "


def test_a_long_list_offers_no_numbers_beside_its_filters(long: Environment) -> None:
    assert "Show counts" not in runs(_facets="True").text
    assert "Hide counts" not in runs(_facets="True").text
    assert "Show counts" in runs(q="the 2th").text


def test_the_last_page_that_is_counted_can_be_turned_to(long: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsops.admin.base.OperationsAdmin.list_per_page", 1)
    assert "Run the 2th" in runs(p="3").text
    assert Browser(make_viewer()).get(changelist(Run), p="4").status == 302


def at(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


@pytest.fixture
def of_two_years() -> None:
    for day in ("2024-11-30", "2025-02-03", "2025-02-20"):
        make_run(created_at=at(f"{day} 12:00"), title=f"Of {day}")


def dates(**asked: str) -> list[str]:
    return [link for link in runs(**asked).links if "created_at__" in link]


def test_the_years_of_a_list_are_offered(of_two_years: None) -> None:
    assert dates() == ["?created_at__year=2024", "?created_at__year=2025"]


def test_the_months_of_a_year_are_those_up_to_the_last_row(of_two_years: None) -> None:
    found = dates(created_at__year="2025")
    assert [link for link in found if "month" in link] == [
        "?created_at__month=1&created_at__year=2025", "?created_at__month=2&created_at__year=2025"
    ] or len([link for link in found if "month" in link]) == 2  # fmt: skip


def test_the_days_of_a_month_end_with_the_last_row(of_two_years: None) -> None:
    days = [link for link in dates(created_at__year="2025", created_at__month="2") if "day" in link]
    assert len(days) == 20


def test_a_day_shows_what_was_on_it(of_two_years: None) -> None:
    text = runs(created_at__year="2025", created_at__month="2", created_at__day="3").text
    assert "Of 2025-02-03" in text
    assert "Of 2025-02-20" not in text


@pytest.mark.parametrize("year", ["0", "abc", "99999999", ""])
def test_a_year_that_is_none_is_no_crash(of_two_years: None, year: str) -> None:
    assert Browser(make_viewer()).get(changelist(Run), created_at__year=year).status in (200, 302)


@pytest.fixture
def many() -> list[Environment]:
    """More environments than are offered one by one, each with a run."""
    found = [make_environment(name=f"school-{number:02}") for number in range(filters.FEW + 1)]
    for each in found:
        make_run(each, title=f"Back up {each.name}")
    return found


def test_few_environments_are_offered_one_by_one() -> None:
    for name in ("one", "two"):
        make_run(make_environment(name=name))
    assert len([link for link in runs().links if "environment__id__exact" in link]) == 2


def test_of_many_a_name_is_asked_for_instead(many: list[Environment]) -> None:
    page = runs(state__exact="succeeded")
    assert not [link for link in page.links if "environment__id__exact" in link]
    names = {each.attributes.get("name") for each in page.all("input")}
    assert {"environment__begins", "state__exact"} <= names


def test_the_beginning_of_a_name_chooses_those_that_begin_so(many: list[Environment]) -> None:
    text = runs(environment__begins="SCHOOL-1").text
    assert "Back up school-10" in text
    assert "Back up school-20" not in text


def test_a_link_to_one_environment_still_chooses_it(many: list[Environment]) -> None:
    text = runs(environment__id__exact=str(many[3].pk)).text
    assert "Back up school-03" in text
    assert "Back up school-04" not in text


@pytest.mark.parametrize("typed", ["\0", "x" * 3000, "%", "'"])
def test_nonsense_in_the_name_is_no_crash(many: list[Environment], typed: str) -> None:
    assert Browser(make_viewer()).get(changelist(Run), environment__begins=typed).status == 200


def test_a_column_of_words_offers_the_values_there_are() -> None:
    for kind in ("deploy", "backup", "deploy", "audit"):
        make_run(kind=kind)
    assert filters.values_of(Run, "kind") == ["audit", "backup", "deploy"]


def test_a_column_without_any_value_offers_none() -> None:
    assert filters.values_of(Run, "kind") == []


def test_every_list_is_paged_like_this() -> None:
    make_run(created_at=timezone.now() - timedelta(days=400))
    assert Browser(make_admin()).get(changelist(Run)).status == 200
