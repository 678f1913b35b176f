"""`ops rto | log | dora | tasks | audit`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from deployments.models import PostTask, Release
from smsops.models import Environment, Run
from tests.factories import make_environment, make_operation, make_release, make_run
from tests.ops.terminal import Terminal


@pytest.fixture
def environment(transactional_db: None) -> Environment:
    return make_environment(name="demo")


def test_the_times_are_a_table_and_a_document(ops: Terminal, environment: Environment) -> None:
    make_run(environment, kind="deploy")
    said = ops("rto", "demo")
    assert said.code == 0
    (line,) = [line for line in said.lines if line.startswith("Deploy")]
    assert line.split()[-1] == "green"
    document = {each["scenario"]: each for each in ops("rto", "demo", "--json").document}
    assert (document["deploy"]["n"], document["deploy"]["verdict"]) == (1, "green")
    assert (document["code"]["n"], document["code"]["verdict"], document["code"]["runbook_minutes"]) == (
        0,
        None,
        [6, 9],
    )


def test_the_log_is_a_table_markdown_or_a_document(ops: Terminal, environment: Environment) -> None:
    make_operation(environment, params={"version": "1.18.1", "old_version": "1.18.0"}, actor_name="maria")
    assert "1.18.0 → 1.18.1" in ops("log", "demo").out
    assert "| Deploy | 1.18.0 → 1.18.1 | maria | the new term | Succeeded |" in ops("log", "demo", "--markdown").out
    (entry,) = ops("log", "demo", "--json").document
    assert (entry["from"], entry["to"], entry["by"], entry["reason"]) == ("1.18.0", "1.18.1", "maria", "the new term")


def test_the_log_begins_where_it_is_asked_to(ops: Terminal, environment: Environment) -> None:
    make_operation(environment, created_at=timezone.now() - timedelta(days=3), reason="long ago")
    assert "long ago" not in ops("log", "demo", "--since", "2d").out
    assert "long ago" in ops("log", "demo", "--since", "2026-01-01").out


def test_a_time_that_is_none_is_wrong_use(ops: Terminal, environment: Environment) -> None:
    said = ops("log", "demo", "--since", "lately")
    assert (said.code, said.complaint) == (2, "“lately” is no time; write 2026-03-01, or 90d for ninety days ago.")


def test_the_four_figures_are_told_for_both_windows_with_how_they_were_counted(
    ops: Terminal, environment: Environment
) -> None:
    make_operation(environment)
    said = ops("dora", "demo")
    assert said.lines[0] == "The last 30 days"
    assert "Change failure rate: 0 %. Deploys in the last 90 days that were undone" in said.out
    assert [(each["days"], each["deploys"]) for each in ops("dora", "demo", "--json").document] == [(30, 1), (90, 1)]


def test_a_persons_task_is_marked_as_done_with_its_evidence(ops: Terminal, environment: Environment) -> None:
    task = PostTask.objects.get(environment=environment, key="security")
    PostTask.objects.filter(pk=task.pk).update(due_at=timezone.now() - timedelta(days=1))
    late = ops("tasks", "demo")
    assert (late.code, "OVERDUE" in late.out) == (1, True)
    assert ops("tasks", "demo", "--done", task.pk).code == 2
    done = ops("tasks", "demo", "--done", task.pk, "--reason", "Report 12 is filed.")
    assert (done.code, "OVERDUE" in done.out) == (0, False)
    task.refresh_from_db()
    assert task.note == "Report 12 is filed."


def test_a_task_of_another_environment_is_wrong_use(ops: Terminal, environment: Environment) -> None:
    other = PostTask.objects.filter(environment=make_environment()).first()
    assert other is not None
    said = ops("tasks", "demo", "--done", other.pk, "--reason", "done")
    assert (said.code, said.complaint.startswith(f"demo has no task {other.pk}")) == (2, True)


def test_an_audit_that_could_check_nothing_is_not_the_good_verdict(
    ops: Terminal, environment: Environment, worker: None
) -> None:
    make_release(environment)
    said = ops("audit", "demo", "--wait")
    assert (said.code, "could not check" in said.out) == (1, True)
    assert Run.objects.get(kind="audit").state == "succeeded"


def test_without_a_release_there_is_nothing_to_audit(ops: Terminal, environment: Environment) -> None:
    said = ops("audit", "demo")
    assert (said.code, said.complaint) == (2, "demo has no release yet; import the releases first.")
    assert not Release.objects.exists()


def test_an_unknown_release_is_named(ops: Terminal, environment: Environment) -> None:
    make_release(environment)
    said = ops("audit", "demo", "9.9.9")
    assert (said.code, "known are 1.18.0" in said.complaint) == (2, True)
