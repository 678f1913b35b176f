"""The dashboard of one environment: every fact from real rows, and the ways back as the recovery clock knows them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.utils import timezone

from backups import selectors
from backups.models import LogFollowing
from incidents.models import EscalationPolicy
from smsops.models import Environment, RunState
from tests.admin.browser import Browser, Page, door
from tests.dashboard.pages import a_well_environment, address_of, dashboard_of, fact, section
from tests.factories import (
    make_admin,
    make_backup,
    make_environment,
    make_incident,
    make_offsite_vault,
    make_operation,
    make_release,
    make_run,
    make_user,
    make_watch,
)
from tests.paging.people import person, policy

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def ready(environment: Environment, user: User | None = None) -> str:
    return section(dashboard_of(environment, user), "If it broke now")


def later(environment: Environment) -> Page:
    """What the page's script brings."""
    answer = Browser(make_admin()).client.get(address_of(environment, "_later"))
    return Page(HttpResponse(f"<body>{answer.json()['html']}</body>"))


def a_school_with_two_releases() -> Environment:
    """1.18.0 runs, and 1.17.0, which knows its schema, ran before."""
    environment = make_environment()
    make_watch(environment, release="1.18.0")
    make_backup(environment)
    older = make_release(environment, "1.17.0", revisions=["a", "b"])
    newer = make_release(environment, "1.18.0", heads="b", revisions=["a", "b"])
    params = {"image_id": newer.image_id, "old_image_id": older.image_id}
    make_run(environment, kind="deploy", title="Deploy 1.18.0", params=params)
    return environment


def test_what_is_not_there_is_not_found() -> None:
    assert Browser(make_admin()).get("/dashboard/of/nowhere/").status == 404
    assert Browser(make_admin()).get("/dashboard/of/nowhere/live/").status == 404


@pytest.mark.parametrize("part", ["", "_live", "_later"])
def test_who_may_not_see_environments_sees_nothing_of_it(part: str) -> None:
    environment = make_environment()
    assert Browser(make_user("smsops.view_run")).get(address_of(environment, part)).status == 403


def test_the_gentlest_way_that_is_open_is_told_with_what_it_takes_here() -> None:
    environment = a_school_with_two_releases()
    began = timezone.now() - HOUR
    make_run(environment, kind="restart", started_at=began, finished_at=began + timedelta(seconds=40))
    said = "Restart would be tried first: took 40 s the only time it was done here; the RTO is 20 min."
    assert said in ready(environment)


def test_going_back_by_code_is_open_where_the_release_before_knows_the_schema() -> None:
    assert "Roll back the code fits" in ready(a_school_with_two_releases())
    assert "To 1.17.0, which knows the schema of 1.18.0." in ready(a_school_with_two_releases())


def test_it_is_shut_where_it_does_not_or_its_image_is_gone() -> None:
    strange = a_school_with_two_releases()
    strange.releases.filter(version="1.17.0").update(revisions=["a"])
    assert "Roll back the code shut" in ready(strange)
    gone = a_school_with_two_releases()
    gone.releases.filter(version="1.18.0").update(heads="")
    assert "Roll back the code not known" in ready(gone)


def test_what_a_loss_would_cost_is_the_age_of_the_newest_good_backup() -> None:
    environment = make_watch(make_environment()).environment
    made = make_backup(environment, taken_at=timezone.now() - timedelta(minutes=12))
    make_backup(environment, damage="bit rot")
    page = dashboard_of(environment)
    assert "what was written in the last 12 min" in section(page, "If it broke now")
    assert made.get_absolute_url() in page.links


def test_where_every_commit_is_kept_it_is_what_was_measured() -> None:
    environment = a_well_environment()
    looked_at = timezone.now() + timedelta(minutes=1)  # alive also when the page is read
    LogFollowing.objects.create(environment=environment, looked_at=looked_at, canary_seconds=1.5)
    assert "what was written in the last 1.5 s would be gone" in ready(environment)
    assert "Restore to just before the incident fits" in ready(environment)


def test_without_a_backup_nothing_could_be_brought_back() -> None:
    assert "nothing could be brought back" in ready(make_watch(make_environment()).environment)


def test_a_backup_whose_data_was_not_checked_is_called_so() -> None:
    environment = make_watch(make_environment()).environment
    make_backup(environment, proof="read_back")
    assert "read back: its data was not checked yet" in ready(environment)


def test_whether_the_key_is_kept_elsewhere_is_told(tmp_path: Path) -> None:
    environment, keys = a_well_environment(), selectors.keyring()
    keys.current()
    assert "Its key was never exported" in ready(environment)
    keys.export(tmp_path / "escrow.json")
    assert "Its key was exported." in ready(environment)


def test_a_way_is_a_link_for_who_may_take_it() -> None:
    environment = a_school_with_two_releases()
    assert door(environment, "restart") in dashboard_of(environment, make_admin()).links
    assert not dashboard_of(environment).doors


def test_who_would_be_woken_is_named() -> None:
    environment = a_well_environment()
    EscalationPolicy.objects.all().delete()  # the runbook's
    assert "Nobody: no escalation policy fits." in section(later(environment), "Who would be woken")
    policy({"users": [person("ada")]}, environment=environment)
    assert "ada" in section(later(environment), "Who would be woken")


def test_how_the_vault_grows_is_drawn_and_told_as_a_table() -> None:
    environment = make_environment()
    for days, size in ((9, 1_000_000), (0, 2_000_000)):
        make_backup(environment, taken_at=timezone.now() - timedelta(days=days), stored_size=size)
    page = later(environment)
    assert f"to 3.0 MB on {timezone.now():%d %b}" in page.one("svg").attributes["aria-label"]
    assert "1.0 MB" in section(page, "Room for backups")


def test_each_backup_of_the_last_day_is_a_cell_with_its_word() -> None:
    environment = a_well_environment()
    states = (RunState.SUCCEEDED, RunState.SAFE, RunState.NEEDS_HUMAN)
    runs = [make_run(environment, state=state, created_at=timezone.now() - HOUR * (9 - at))
            for at, state in enumerate(states)]  # fmt: skip
    page = dashboard_of(environment)
    cells = page.all("a", "cell")
    assert [each.attributes["href"] for each in cells] == [run.get_absolute_url() for run in runs]
    assert [each.text.split(" ", 2)[2] for each in cells] == ["Succeeded", "Failed, nothing changed", "Needs a person"]
    assert "The last 3 backups, oldest first: 2 did not succeed." in page.text


def test_no_more_than_96_are_shown() -> None:
    environment = a_well_environment()
    for _ in range(99):
        make_run(environment)
    assert "The last 96 backups" in dashboard_of(environment).text


def test_the_last_restore_test_and_drill_are_told() -> None:
    environment = a_well_environment()
    assert fact(dashboard_of(environment), "Last restore test") == "never last drill never"
    make_run(environment, kind="restore_test", finished_at=timezone.now() - HOUR)
    make_run(environment, kind="restore_test", state=RunState.SAFE)
    make_run(environment, kind="drill", finished_at=timezone.now() - 2 * HOUR)
    assert fact(dashboard_of(environment), "Last restore test") == "60 min ago last drill 2 h 0 min ago"


def test_how_far_copies_elsewhere_are_behind_is_told() -> None:
    environment = make_environment()
    make_offsite_vault(environment, name="s3", lag_minutes=30)
    make_backup(environment, taken_at=timezone.now() - HOUR)
    page = dashboard_of(environment)
    assert fact(page, "Copies in s3").startswith("60 min")
    assert "Copies in s3" in [each.text[:12] for each in page.all("div", "fact-bad")]


def test_when_the_next_backup_is_due_is_told() -> None:
    environment = a_well_environment(backup_minutes=15)
    make_run(environment, trigger="schedule", created_at=timezone.now() - timedelta(minutes=5))
    assert "next in 10 min" in fact(dashboard_of(environment), "Last good backup")
    Environment.objects.update(backups_enabled=False)
    assert "none scheduled" in fact(dashboard_of(environment), "Last good backup")


def test_the_release_is_shown_with_its_rehearsal() -> None:
    environment = a_well_environment()
    assert "1.18.0 runs. It was never rehearsed here." in section(dashboard_of(environment), "Changes")
    make_run(environment, kind="rehearsal", params={"version": "1.18.0"})
    assert "1.18.0 runs. Succeeded rehearsed" in section(dashboard_of(environment), "Changes")


def test_the_four_figures_are_shown_with_what_they_were_counted_from() -> None:
    told = section(dashboard_of(make_operation().environment), "Changes")
    for name in ("Deployment frequency", "Lead time for changes", "Change failure rate", "Time to restore"):
        assert name in told


def test_objectives_stand_beside_their_targets_with_plots_and_a_table() -> None:
    environment = make_environment(created_at=timezone.now() - timedelta(days=40))
    began = timezone.now() - timedelta(days=3)
    make_incident(environment, issue="service", state="resolved", detected_at=began, resolved_at=began + HOUR)
    page = dashboard_of(environment)
    told = section(page, "Objectives")
    assert "MTTR 60 min red target ≤ 30 min · n 1" in told
    assert len([each for each in page.all("svg") if each.attributes.get("role") == "img"]) == 4
    assert "Week from" in told


def test_what_is_not_for_somebody_is_left_out() -> None:
    environment = a_well_environment()
    make_operation(environment)
    page = dashboard_of(environment, make_user("smsops.view_environment"))
    for heading in ("If it broke now", "The last", "Objectives", "Lately"):
        assert section(page, heading) == ""
    assert "Deployment frequency" not in page.text
