"""The verbs that work on a real SMS, each on its good path, and the ends that are not good."""

from __future__ import annotations

import pytest

from backups.models import Backup
from deployments.checks import registry
from deployments.checks.base import PRECONDITIONS
from incidents.models import Incident
from incidents.services import watching
from smsops.models import Run, RunState, Trigger
from tests.factories import (
    make_incident,
    make_user,
)
from tests.ops.terminal import Terminal, typed
from tests.places import Place


@pytest.fixture
def name(process_place: Place, worker: None) -> str:
    """The name of an environment with a real SMS behind it, and a worker beside it."""
    return process_place.name


def watched(place: Place) -> None:
    """Let the watcher look, as beat would."""
    watching.due()
    watching.look_now(place.environment.pk)


def test_a_backup_is_taken_and_waited_for(ops: Terminal, name: str) -> None:
    said = ops("backup", name, "--wait", "--reason", "before the exams")
    assert (said.code, said.lines[-1].split(" after ")[0]) == (0, "Succeeded")
    assert "200 students" in said.out
    backup = Backup.objects.get()
    assert (backup.run.reason, backup.run.trigger) == ("before the exams", Trigger.COMMAND)  # type: ignore[union-attr]


def test_the_progress_is_shown_on_stderr_a_line_for_each_step(ops: Terminal, name: str) -> None:
    said = ops("backup", name, "--wait")
    titles = list(Run.objects.get().steps.values_list("title", flat=True))
    assert [line for title in titles for line in said.err.splitlines() if f"ok  {title}" in line] == (
        said.err.splitlines()
    )


def test_without_waiting_it_says_how_to_follow(ops: Terminal, process_place: Place) -> None:
    said = ops("backup", process_place.name)
    run = Run.objects.get()
    assert said.code == 0
    assert said.lines == [f"Run {run.pk} is queued: {run.title}. Follow it with: ops run {run.pk} --wait"]


def test_a_backup_that_fails_has_exit_code_1_and_says_why(ops: Terminal, name: str, process_place: Place) -> None:
    process_place.database.unlink()
    said = ops("backup", name, "--wait")
    assert said.code == 1
    assert said.lines[-1].startswith("Failed, nothing changed")
    assert "There is no database at" in said.lines[-1]


def test_backups_are_listed_and_verified_and_restored(ops: Terminal, name: str, process_place: Place) -> None:
    process_place.deploy("1.18.0")
    process_place.execute("DELETE FROM grades")
    backup = Backup.objects.get()
    assert backup.identifier in ops("backups", name).out
    verified = ops("verify", name, "--backup", backup.identifier, "--wait")
    assert (verified.code, f"Backup {backup.identifier} is good" in verified.out) == (0, True)
    restored = ops("restore", name, "--backup", "latest", "--wait", "--reason", "grades are gone")
    assert restored.code == 0, restored.err
    assert f"Restored {backup.identifier}: 200 students" in restored.out


def test_before_a_restore_the_command_says_what_it_costs(ops: Terminal, process_place: Place) -> None:
    process_place.back_up()
    process_place.deploy("1.18.0")
    said = ops("restore", process_place.name)
    assert any("what was written since is lost from SMS" in line for line in said.lines)
    assert "is queued: Restore" in said.lines[-1]


def test_a_release_is_deployed_checked_and_rolled_back(ops: Terminal, name: str, process_place: Place) -> None:
    process_place.deploy("1.18.0")
    deployed = ops("deploy", name, "1.18.1", "--wait")
    assert (deployed.code, process_place.running_version()) == (0, "1.18.1")
    checked = ops("check", name)
    assert (checked.code, {line[:4] for line in checked.lines} - {"    "}) == (0, {"PASS", "SKIP"})
    back = ops("rollback", name, "--wait")
    assert (back.code, process_place.running_version()) == (0, "1.18.0")


def test_a_broken_release_ends_with_exit_code_1_and_its_cause(ops: Terminal, name: str, process_place: Place) -> None:
    said = ops("deploy", name, "1.20.1", "--wait")
    assert said.code == 1
    assert said.lines[-1].startswith("Failed and undone")
    assert "crash loop" in said.lines[-1]
    assert "<-  " in said.err  # the undo is shown too
    assert Incident.objects.filter(run=Run.objects.get(kind="deploy")).exists()


def test_a_deploy_that_the_preconditions_refuse_has_exit_code_1(ops: Terminal, name: str, process_place: Place) -> None:
    process_place.write_env(SECRET_KEY="change-me")
    said = ops("deploy", name, "1.18.0", "--wait")
    assert said.code == 1
    assert "Not deployed. Secrets: SECRET_KEY is weak" in said.lines[-1]


def test_the_running_release_is_not_deployed_again(ops: Terminal, name: str, process_place: Place) -> None:
    process_place.deploy("1.18.0")
    said = ops("deploy", name, "v1.18.0")
    assert (said.code, said.complaint) == (2, "Release 1.18.0 is the one that runs already.")
    assert Run.objects.count() == 1


def test_preflight_asks_every_precondition(ops: Terminal, process_place: Place) -> None:
    good = ops("preflight", process_place.name, "1.18.0")
    titles = [line[5:].split(":")[0] for line in good.lines if line[0] != " "]
    assert (good.code, titles) == (0, [check.title for check in registry.of_stage(PRECONDITIONS)])
    process_place.write_env(SECRET_KEY="change-me")
    bad = ops("preflight", process_place.name, "1.18.0")
    assert bad.code == 1
    assert "FAIL Secrets: SECRET_KEY is weak" in bad.out


def test_a_check_of_an_sms_that_is_away_has_exit_code_1(ops: Terminal, process_place: Place) -> None:
    said = ops("check", process_place.name)
    assert said.code == 1
    assert "FAIL Health: /health says down" in said.out


def test_releases_are_imported_and_the_running_one_is_marked(ops: Terminal, name: str, process_place: Place) -> None:
    process_place.environment.releases.filter(version="1.19.0").delete()
    process_place.deploy("1.18.0")
    said = ops("releases", name, "--import")
    words = {line.split()[0]: line for line in said.lines}
    assert said.code == 0
    assert " running " in words["1.18.0"]
    assert "BREAKING CHANGES" in words["1.19.0"]
    assert said.lines[1].startswith("1.20.10")


def test_status_is_good_only_when_everything_is(ops: Terminal, name: str, process_place: Place) -> None:
    process_place.deploy("1.18.0")
    assert "unknown" in ops("status", name).out
    watched(process_place)
    good = ops("status", name)
    assert (good.code, "healthy" in good.out, "1.18.0" in good.out) == (0, True, True)
    make_incident(process_place.environment)
    assert ops("status", name).code == 1


def test_a_run_is_followed_to_its_end(ops: Terminal, name: str) -> None:
    ops("backup", name)
    run = Run.objects.get()
    said = ops("run", run.pk, "--wait")
    assert said.code == 0
    assert "stored and proven" in said.out
    assert "Store it in the vault, read it back, check it" in ops("run", run.pk).out


def test_a_cancelled_run_has_exit_code_1(ops: Terminal, process_place: Place, request: pytest.FixtureRequest) -> None:
    ops("backup", process_place.name)
    run = Run.objects.get()
    cancelled = ops("cancel", run.pk)
    assert (cancelled.code, cancelled.lines) == (0, ["It stops after the step it is in, and undoes what it did."])
    request.getfixturevalue("worker")
    assert ops("run", run.pk, "--wait").code == 1
    assert ops("run", run.pk).code == 1


def test_without_any_worker_the_waiting_command_does_the_work_itself(process_place: Place) -> None:
    said = typed("backup", process_place.name, "--wait", "--json")
    assert said.code == 0, said.err
    assert said.document["state"] == RunState.SUCCEEDED
    assert [step["state"] for step in said.document["steps"]] == ["done", "done", "done"]
    assert Backup.objects.get().row_counts["students"] == 200


def test_an_incident_is_listed_shown_acknowledged_and_resolved(ops: Terminal) -> None:
    incident, user = make_incident(title="SMS is in a crash loop"), make_user()
    assert "SMS is in a crash loop" in ops("incident").out
    assert "connection refused" in ops("incident", "show", incident.pk).out
    taken = ops("incident", "acknowledge", incident.pk, "--user", user.username)
    assert (taken.code, "(Acknowledged)" in taken.out) == (0, True)
    over = ops("incident", "resolve", incident.pk, "The disk was full.", "--user", user.username)
    assert (over.code, "(Resolved)" in over.out) == (0, True)
    assert f"{user.username}: Resolved. The disk was full." in over.out
    assert "crash loop" not in ops("incident").out


def test_more_runs_than_there_can_be_may_be_asked_for(transactional_db: None) -> None:
    said = typed("runs", "--last", "99999999999999999999")
    assert "Traceback" not in said.err
    assert said.code in (0, 2)


def test_the_whole_way_of_the_command_on_each_runtime(ops: Terminal, place: Place, worker: None) -> None:
    """What a person types at night, as the README says it."""
    name, document = place.name, dict[str, str]()
    for words in ("deploy 1.18.0", "backup", "deploy 1.18.1", "rollback", "restore --backup latest"):
        verb, *rest = words.split()
        said = ops(verb, name, *rest, "--wait", "--json")
        document = said.document
        assert (said.code, document["state"]) == (0, "succeeded"), said.out
    assert document["headline"].startswith("Restored ")
    watched(place)
    (status,) = ops("status", name, "--json").document
    assert (status["release"], status["health"], status["active_run"]) == ("1.18.0", "healthy", None)
    assert place.students() == 200
