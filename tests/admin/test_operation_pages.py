"""The operations in the admin: the log, the times against the RTO, the figures, the tasks and the findings."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from deployments.models import Operation, PostTask, Release
from smsops.models import Environment, Phase, Run, RunState
from tests.admin.browser import Browser, Page, changelist, door, everything
from tests.admin.scenes import a_school
from tests.factories import (
    make_admin,
    make_environment,
    make_finding,
    make_operation,
    make_release,
    make_run,
    make_step,
    make_user,
    make_viewer,
)

pytestmark = pytest.mark.django_db


def opened(target: Environment | Run | Release | PostTask) -> Page:
    page = Browser(make_viewer()).get(target.get_absolute_url())
    assert page.status == 200
    return page


def dashboard(environment: Environment, *permissions: str) -> str:
    """Of that environment."""
    user = make_user("smsops.view_environment", *permissions)
    page = Browser(user).get(reverse("admin:incidents_dashboard_of", args=[environment.name]))
    assert page.status == 200
    return page.text


def the_log(**asked: str) -> Page:
    return Browser(make_viewer()).get(changelist(Operation), **asked)


def test_a_line_of_the_log_has_who_when_why_from_what_to_what_and_how_it_ended() -> None:
    params = {"version": "1.18.1", "old_version": "1.18.0"}
    run = make_operation(params=params, actor_name="maria", facts={"switch.gate": {"away_seconds": 3.2}})
    make_step(run, kind="switch.stop")
    page = the_log()
    for said in ("Deploy", "1.18.0 → 1.18.1", "maria", "the new term", "Succeeded", "3.2 s", f"Run {run.pk}"):
        assert said in page.text
    assert run.get_absolute_url() in page.links


def test_the_log_is_filtered_by_environment_and_kind() -> None:
    here = make_operation(kind="rollback")
    make_operation(here.environment, reason="another kind")
    make_operation(kind="rollback", reason="another place")
    text = the_log(environment__id__exact=str(here.environment_id), what="Rollback").text
    assert "the new term" in text
    assert "another" not in text


def test_ten_thousand_runs_cost_as_many_queries_as_ten_and_little_time() -> None:
    environment, browser = make_environment(), Browser(make_admin())

    def look() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(changelist(Operation)).status == 200
        return len(asked)

    def more(number: int) -> None:
        now = timezone.now()
        Run.objects.bulk_create(
            Run(environment=environment, kind="deploy" if each % 4 else "backup", title="A run", state="succeeded",
                created_at=now - timedelta(minutes=each), started_at=now, finished_at=now, end_announced=True)
            for each in range(number)
        )  # fmt: skip

    more(10)
    few = look()
    more(10_000)
    began = time.monotonic()
    assert look() == few
    assert few <= 12  # three of them ask what is wrong with smsops itself, as on every page
    assert time.monotonic() - began < 5


def test_the_environments_page_has_the_table_measured_and_as_the_runbook_has_it() -> None:
    environment = make_environment()
    make_run(environment, kind="deploy")
    text = opened(environment).text
    assert "How long it takes, against an RTO of 20 min" in text
    assert "Full restore 1 to 2 min 1 min 5 to 8 min 2 to 3 min 9 to 16 min 0 never runbook, not measured" in text
    assert "3.0 s 3.0 s 1 3.0 s" in text.partition("Deploy 0.0 s")[2][:80]


def test_a_run_that_is_over_shows_its_phases_against_the_objective() -> None:
    run = make_run(kind="deploy")
    make_step(run, phase=Phase.PREPARE)
    assert run.started_at is not None
    text = opened(run).text
    assert "prepare 3.0 s, execute 0.0 s, validate 0.0 s; together 3.0 s of an RTO of 20 min from its own start" in text


def test_a_run_that_did_not_get_there_says_so() -> None:
    text = opened(make_run(kind="rollback", state=RunState.UNDONE)).text
    assert "over after 3.0 s, without getting there; RTO 20 min" in text


def test_the_confirmation_page_says_what_is_expected() -> None:
    environment = a_school()
    user = make_user("smsops.view_environment", "smsops.rollback_environment")
    text = Browser(user).get(door(environment, "rollback")).text
    assert "Code-only rollback: expected 6 to 9 min (runbook, not measured); RTO 20 min." in text


def test_the_dashboard_of_an_environment_has_the_four_figures() -> None:
    environment = make_operation().environment
    text = dashboard(environment, "deployments.view_operation")
    assert "Deployment frequency 0.2 a week" in text
    assert "Change failure rate 0 %" in text
    assert "Deployment frequency" not in dashboard(environment)


def test_where_nothing_was_deployed_there_are_no_figures() -> None:
    assert "Deployment frequency" not in dashboard(make_environment(), "deployments.view_operation")


def test_what_is_overdue_is_on_the_dashboard() -> None:
    environment = make_environment()
    PostTask.objects.filter(key__in=("drill", "notes")).update(due_at=timezone.now() - timedelta(days=1))
    text = dashboard(environment, "deployments.view_posttask")
    assert "Overdue Tag release & publish notes" in text
    assert "Overdue Disaster recovery drill" in text
    assert "Overdue" not in dashboard(environment)


def task_of(key: str) -> PostTask:
    return make_environment().post_tasks.get(key=key)


def test_the_ops_lead_changes_a_task_and_adds_another() -> None:
    task = task_of("notes")
    lead = Browser(make_user("deployments.view_posttask", "deployments.change_posttask", "deployments.add_posttask"))
    form = {
        "environment": task.environment_id,
        "title": "Ours",
        "owner": "Maria",
        "frequency": "weekly",
        "enabled": "on",
    }
    address = reverse("admin:deployments_posttask_change", args=[task.pk])
    assert lead.post(address, **form, due_at="").status == 302
    assert lead.post(reverse("admin:deployments_posttask_add"), **form, due_at="").status == 302
    assert list(PostTask.objects.filter(title="Ours").values_list("key", flat=True)) == ["notes", ""]


def test_a_task_that_a_run_does_is_not_marked_by_hand() -> None:
    task, lead = task_of("drill"), Browser(make_user("deployments.view_posttask", "deployments.complete_posttask"))
    before = everything()
    page = lead.post(door(task, "done"), reason="I did it in my head.")
    assert (page.status, "the run is the evidence" in page.text) == (409, True)
    assert everything() == before


def test_the_evidence_of_a_run_is_a_link_to_it() -> None:
    task, run = task_of("drill"), make_run(kind="drill", title="Drill", headline="Restored in 4 s.")
    PostTask.objects.filter(pk=task.pk).update(done_run=run, done_at=run.finished_at, note=run.headline)
    page = opened(task)
    assert run.get_absolute_url() in page.links
    assert "Restored in 4 s." in page.text


def test_thirty_tasks_cost_as_many_queries_as_six() -> None:
    browser = Browser(make_admin())

    def look() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(changelist(PostTask)).status == 200
        return len(asked)

    make_environment()
    six = look()
    for _ in range(4):
        make_environment()
    assert look() == six


def test_the_findings_are_on_the_page_of_their_audit_for_those_who_may_see_them() -> None:
    finding = make_finding(severity="critical")
    assert "flask 0.5 PYSEC-2019-179" in opened(finding.run).text
    text = Browser(make_user("smsops.view_run")).get(finding.run.get_absolute_url()).text
    assert "PYSEC-2019-179" not in text


def test_a_release_has_a_button_that_audits_it() -> None:
    release = make_release(make_environment())
    user = make_user("deployments.view_release", "deployments.audit_release", "smsops.view_run")
    page = Browser(user).get(release.get_absolute_url())
    assert door(release, "audit") in page.doors
    Browser(user).post(door(release, "audit"), reason="")
    assert Run.objects.get(kind="audit").params["version"] == release.version


def test_a_list_of_accepted_findings_is_one_click() -> None:
    make_finding(accepted_at=timezone.now(), accepted_by="maria", package="accepted")
    finding = make_finding(package="still-open")
    text = Browser(make_viewer()).get(changelist(type(finding)), accepted_at__isempty="1").text
    assert ("still-open" in text, "accepted 0.5" in text) == (True, False)
