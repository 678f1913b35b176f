"""What was rehearsed is on the release's page and beside the buttons that deploy: when, how long, and what it lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from deployments.models import Release
from smsops.models import Run, RunState
from tests.admin.browser import Browser, Page, door, everything
from tests.admin.scenes import its_older_release
from tests.factories import make_admin, make_backup, make_run, make_step, make_user, make_viewer

pytestmark = pytest.mark.django_db


def rehearsal(release: Release, *, rows: dict[str, int] | None = None, **fields: Any) -> Run:
    """One that has just ended; `rows` are those that were left on the copy."""
    params = {"release": release.pk, "image_id": release.image_id, "version": release.version}
    facts = {"test.unpack": {"row_counts": {"students": 1200, "grades": 18000, "alembic_version": 1}}}
    wanted = {"headline": "1.17.0 ran on the copy.", **fields, "params": params | fields.pop("params", {})}
    run = make_run(release.environment, kind="rehearsal", title="Rehearse", facts=facts, **wanted)
    began = timezone.now() - timedelta(seconds=4)
    for position, (kind, took) in enumerate((("rehearsal.upgrade", 0.5), ("sandbox.gate", 2.5), ("check.list", 1)), 1):
        ended = began + timedelta(seconds=took)
        make_step(run, kind=kind, position=position, state="done", started_at=began, finished_at=ended)
    state = "done" if run.state == RunState.SUCCEEDED else "failed"
    make_step(run, kind="rehearsal.compare", position=4, state=state, memo={"row_counts": rows} if rows else {})
    return run


def panel(page: Page) -> str:
    return next((each.text for each in page.all("section") if each.text.startswith("Rehearsal")), "")


def shown(release: Release, user: Any = None) -> str:
    return panel(Browser(user or make_admin()).get(release.get_absolute_url()))


def test_what_was_never_rehearsed_says_so() -> None:
    assert "Never rehearsed 1.17.0 was not rehearsed." in shown(its_older_release())


def test_a_good_rehearsal_says_when_and_how_long_each_part_took() -> None:
    release = its_older_release()
    run = rehearsal(release)
    page = Browser(make_admin()).get(release.get_absolute_url())
    assert "Passed Rehearsed" in panel(page)
    assert "Upgrade 0.5 s Start 2.5 s Checklist 1.0 s Way back not tried Rows lost none" in panel(page)
    assert run.get_absolute_url() in page.links


def test_the_same_stands_beside_the_deploy_button() -> None:
    release = its_older_release()
    rehearsal(release)
    page = Browser(make_admin()).get(door(release, "deploy"))
    assert "Upgrade 0.5 s Start 2.5 s" in panel(page)
    assert page.text.count("1.17.0 ran on the copy.") == 1


def test_rows_that_were_lost_are_told_table_by_table() -> None:
    release = its_older_release()
    lost = {"students": 800, "grades": 18000}
    rehearsal(release, rows=lost, state=RunState.SAFE, cause="1.17.0 loses rows.")
    said = shown(release)
    assert "Failed The rehearsal" in said
    assert "Rows lost 1 table" in said
    assert "students 1200 800 400" in said
    assert "grades" not in said


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"params": {"image_id": "tree:another"}}, "1.17.0 has another image since."),
        ({"params": {"schema_revision": "another"}}, "The data has another schema since"),
        ({"finished_at": timezone.now() - timedelta(days=3, hours=1)}, "The rehearsal is from 3 days ago."),
    ],
)
def test_a_rehearsal_of_something_else_is_called_out_of_date(fields: dict[str, Any], why: str) -> None:
    release = its_older_release()
    rehearsal(release, **fields)
    assert f"Out of date {why}" in shown(release)


def test_data_that_was_restored_since_is_other_data() -> None:
    release = its_older_release()
    rehearsal(release, finished_at=timezone.now() - timedelta(minutes=5))
    restore = make_run(release.environment, kind="restore", title="Restore it")
    assert f"The data was replaced since, by “Restore it” (run {restore.pk})." in shown(release)


def test_what_was_rehearsed_and_then_deployed_is_not_out_of_date_for_what_it_did_itself() -> None:
    release = its_older_release()
    rehearsal(release, params={"schema_revision": "before"}, finished_at=timezone.now() - timedelta(minutes=5))
    make_run(release.environment, kind="deploy", params={"image_id": release.image_id})
    assert "Passed" in shown(release)


def test_a_failure_of_an_image_that_is_gone_does_not_speak_against_the_new_one() -> None:
    release = its_older_release()
    rehearsal(release, state=RunState.SAFE, cause="It crashed.", params={"image_id": "tree:another"})
    assert "Out of date 1.17.0 has another image since." in shown(release)


def test_one_that_is_under_way_is_named() -> None:
    release = its_older_release()
    run = make_run(release.environment, kind="rehearsal", state=RunState.RUNNING, params={"release": release.pk})
    assert f"Under way Run {run.pk} rehearses it now." in shown(release)


def test_who_may_not_see_runs_gets_the_result_without_links_to_them() -> None:
    release = its_older_release()
    run = rehearsal(release)
    browser = Browser(make_user("deployments.view_release"))
    page = browser.get(release.get_absolute_url())
    assert "Passed" in panel(page)
    assert run.get_absolute_url() not in page.links


def test_where_a_release_is_chosen_each_has_its_line() -> None:
    release = its_older_release()
    rehearsal(release, rows={"students": 1, "grades": 18000}, state=RunState.SAFE, cause="It loses rows.")
    make_backup(release.environment)
    page = Browser(make_admin()).get(door(release.environment, "deploy"))
    said = next(each.text for each in page.all("section") if each.text.startswith("What was rehearsed"))
    assert said.startswith("What was rehearsed 1.17.0 Failed run")
    assert said.endswith("rows lost in students All others were never rehearsed.")


def test_looking_changes_nothing() -> None:
    release, browser = its_older_release(), Browser(make_viewer())
    rehearsal(release)
    before = everything()
    assert browser.get(release.get_absolute_url()).status == 200
    assert everything() == before
