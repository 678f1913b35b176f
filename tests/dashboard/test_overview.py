"""The dashboard of all environments: real numbers, and a clear word when nobody is watching."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from backups import selectors
from incidents.models import IncidentState
from smsops.models import RunState
from tests.admin.browser import Browser, Element, Page
from tests.dashboard.pages import a_busy_environment, a_well_environment, address_of, dashboard, fact, section
from tests.factories import (
    make_admin,
    make_backup,
    make_environment,
    make_incident,
    make_run,
    make_user,
    make_viewer,
    make_watch,
)

pytestmark = pytest.mark.django_db


def test_without_an_environment_it_says_what_one_is_and_offers_to_add_one() -> None:
    page = dashboard(make_admin())
    assert "No environment yet" in page.text
    assert reverse("admin:backups_first_run") in page.links
    assert "door" not in page.text  # nobody has heard of one yet


def test_without_an_environment_a_viewer_is_offered_nothing() -> None:
    page = dashboard(make_viewer())
    assert "No environment yet" in page.text
    assert reverse("admin:backups_first_run") not in page.links


def test_who_may_not_see_environments_sees_none() -> None:
    environment = a_busy_environment()
    page = dashboard(make_user("smsops.view_run"))
    assert environment.name not in page.html
    assert "No environment yet" not in page.text


def test_a_card_shows_what_was_measured() -> None:
    environment = make_environment(title="The Northern school")
    make_watch(environment, response_ms=37, release="1.18.1")
    make_backup(environment, row_counts={"students": 1234}, size=52_428_800, stored_size=9_000_000)
    page = dashboard()
    assert page.one("section", "card").text.startswith("The Northern school healthy")
    assert fact(page, "Release").startswith("1.18.1 looked")
    assert fact(page, "Students in it") == "1234 52.4 MB, stored 9.0 MB · vault"
    assert fact(page, "Answers in").startswith("37 ms asked")


def test_the_age_of_the_last_good_backup_is_shown_and_the_damaged_one_does_not_count() -> None:
    environment = make_environment()
    old = make_backup(environment, taken_at=timezone.now() - timedelta(minutes=30))
    make_backup(environment, damage="bit rot")
    page = dashboard()
    assert fact(page, "Last good backup").startswith("30 min")
    assert old.get_absolute_url() in page.links
    assert not page.all("div", "fact-bad")


def test_a_stored_backup_that_nobody_has_read_back_does_not_count() -> None:
    make_backup(proof="stored")
    assert fact(dashboard(), "Last good backup").startswith("never")


@pytest.mark.parametrize(("minutes", "broken"), [(59, False), (61, True)])
def test_a_broken_rpo_is_marked(minutes: int, broken: bool) -> None:
    make_backup(make_environment(rpo_minutes=60), taken_at=timezone.now() - timedelta(minutes=minutes))
    page = dashboard()
    assert bool(page.all("div", "fact-bad")) is broken
    assert ("RPO 60 min is broken" in page.text) is broken


def test_without_a_backup_the_rpo_is_broken() -> None:
    make_environment()
    assert "RPO 60 min is broken" in dashboard().text


def test_what_nobody_has_measured_is_a_dash() -> None:
    make_environment()
    page = dashboard()
    assert [fact(page, name) for name in ("Release", "Students in it", "Answers in")] == ["—", "—", "—"]


def alarm(page: Page) -> list[Element]:
    return [each for each in page.all("p", "alarm") if each.text.startswith("Nobody is watching.")]


def test_it_says_so_when_nobody_ever_looked() -> None:
    make_environment()
    page = dashboard()
    assert alarm(page)
    assert "unknown" in page.one("section", "card").text


def test_it_says_so_when_the_last_look_was_long_ago() -> None:
    make_watch(make_environment(), looked_at=timezone.now() - timedelta(seconds=91))
    page = dashboard()
    assert alarm(page)
    assert "healthy /health" not in page.one("section", "card").text


def test_one_fresh_look_means_that_somebody_watches() -> None:
    make_watch(make_environment(), looked_at=timezone.now() - timedelta(seconds=80))
    make_environment()
    assert not alarm(dashboard())


def test_without_an_environment_there_is_nothing_to_watch() -> None:
    assert not alarm(dashboard())


@pytest.mark.parametrize(
    ("status", "ready", "word", "tone"),
    [
        ("healthy", True, "healthy", "good"),
        ("healthy", False, "not ready", "warn"),
        ("degraded", False, "degraded", "warn"),
        ("unhealthy", False, "unhealthy", "bad"),
        ("down", False, "down", "bad"),
        ("absent", False, "absent", "quiet"),
    ],
)
def test_the_health_is_one_word_with_its_tone(status: str, ready: bool, word: str, tone: str) -> None:
    make_watch(make_environment(), status=status, ready=ready)
    card = dashboard().one("section", "card")
    assert f" {word} " in card.text
    assert word in [each.text for each in dashboard().all("span", f"badge-{tone}")]


def test_live_incidents_are_wrong_now_and_resolved_ones_are_not() -> None:
    make_incident(title="SMS is in a crash loop")
    make_incident(title="An old story", state=IncidentState.RESOLVED)
    wrong = section(dashboard(), "Wrong now")
    assert "SMS is in a crash loop" in wrong
    assert "An old story" not in wrong


def test_what_runs_now_is_shown_with_whom() -> None:
    make_run(title="Deploy 1.19.0", state=RunState.RUNNING, actor_name="maria")
    page = dashboard()
    assert section(page, "Running now").startswith("Running now Running Deploy 1.19.0")
    assert "maria" in page.text


def test_a_planned_run_does_not_run_yet() -> None:
    make_run(state=RunState.PLANNED)
    assert "Running now" not in dashboard().text


def test_the_buttons_on_a_card_are_those_one_may_press() -> None:
    make_environment()
    user = make_user("smsops.view_environment", "smsops.backup_environment", "smsops.restore_environment")
    buttons = [each for each in dashboard(user).all("a", "button-link") if "button-small" not in each.classes]
    assert [each.text for each in buttons] == ["Back up now", "Restore…"]


def test_every_button_on_a_card_leads_to_its_confirmation() -> None:
    make_environment()
    admin = make_admin()
    doors = dashboard(admin).doors
    assert doors
    assert [link for link in doors if Browser(admin).get(link).status != 200] == []


def test_the_rooms_one_may_not_enter_are_not_on_the_way() -> None:
    page = dashboard(make_user("smsops.view_environment", "incidents.view_incident"))
    assert page.one("ul", "rooms-menu").text == "Environments Incidents Objectives Runbook Search API"


def test_a_school_without_students_has_none_and_no_dash() -> None:
    make_backup(row_counts={"students": 0})
    assert fact(dashboard(), "Students in it").startswith("0")


def test_the_dashboard_shows_runs_and_incidents_only_to_who_may_see_them() -> None:
    environment = a_busy_environment()
    page = dashboard(make_user("smsops.view_environment"))
    assert environment.name in page.text
    assert "SMS does not answer" not in page.text
    assert "Deploy 1.19.0" not in page.text


def test_keys_that_exist_only_here_are_a_loud_warning_until_they_are_exported(tmp_path: Path) -> None:
    keys = selectors.keyring()
    keys.current()
    assert "exists only on this machine" in dashboard().text
    keys.export(tmp_path / "escrow.json")
    assert "exists only on this machine" not in dashboard().text


def test_who_may_not_see_backups_is_not_told_of_their_keys() -> None:
    selectors.keyring().current()
    assert "only on this machine" not in dashboard(make_user("smsops.view_environment")).text


def test_the_strip_is_one_drawing_that_says_how_many_failed_and_leads_to_the_runs() -> None:
    environment = a_well_environment()
    for age, state in zip((30, 20, 10), (RunState.SUCCEEDED, RunState.SAFE, RunState.NEEDS_HUMAN), strict=True):
        make_run(environment, state=state, created_at=timezone.now() - timedelta(minutes=age))
    make_run(environment, kind="deploy")
    page = dashboard()
    assert page.one("svg", "strip-svg").attributes["aria-label"] == "The last 3 backups, oldest first: 2 failed."
    assert [each.classes for each in page.all("g")] == [{"good"}, {"warn"}, {"bad"}]
    assert page.one("a", "strip-link").attributes["href"].endswith(f"{environment.pk}&kind=backup")


def test_the_worst_are_shown_in_full_and_the_others_in_a_line_each() -> None:
    for number in range(8):
        a_well_environment(title=f"School {number}")
    worst = a_well_environment(title="The worst")
    make_incident(worst)
    page = dashboard()
    cards = [each.text for each in page.all("section", "card")]
    assert (len(cards), cards[0].startswith("The worst")) == (6, True)
    assert "School 7" in section(page, "The others")


def test_an_environment_is_found_by_a_part_of_its_name() -> None:
    for number in range(8):
        a_well_environment(title=f"School {number}")
    page = dashboard(q="school 3")
    assert [each.text.split(" healthy")[0] for each in page.all("section", "card")] == ["School 3"]
    assert "No environment is called anything like “south”." in dashboard(q="south").text


def test_every_environment_leads_to_a_dashboard_of_its_own() -> None:
    environment = a_well_environment()
    assert address_of(environment) in dashboard().links
