"""What a command prints: sentences for people, or one JSON document, and never a secret."""

from __future__ import annotations

import os

import pytest

from smsops.models import Run, RunState
from tests.factories import (
    make_backup,
    make_environment,
    make_incident,
    make_release,
    make_run,
    make_step,
)
from tests.ops.terminal import Terminal, process, typed


@pytest.fixture
def demo(transactional_db: None) -> None:
    """An environment called “demo” with something of everything in it."""
    environment = make_environment(name="demo", smoke_email="smoke@school.example", smoke_password="canary-password")
    make_release(environment, "1.18.0")
    make_backup(environment, identifier="b1")
    make_incident(environment)
    make_step(make_run(environment, reason="the password=canary-reason of it"))


READING = ["env list", "status", "status demo", "backups demo", "releases demo", "releases demo --import", "runs",
           "runs demo --last 1", "incident", "preflight demo 1.18.0", "check demo"]  # fmt: skip


@pytest.mark.parametrize("words", READING)
def test_json_is_one_document_and_nothing_else(ops: Terminal, demo: None, words: str) -> None:
    said = ops(*words.split(), "--json")
    assert isinstance(said.document, list)
    assert said.out.startswith("[")
    assert said.err == ""


@pytest.mark.parametrize("words", ["backup demo", "verify demo", "deploy demo 1.18.0"])
def test_json_of_a_queued_run_is_the_run(ops: Terminal, demo: None, words: str) -> None:
    said = ops(*words.split(), "--json", "--reason", "why not")
    assert said.code == 0
    assert (said.document["state"], said.document["reason"]) == ("queued", "why not")
    assert said.document["run"] == Run.objects.latest("pk").pk
    assert said.document["steps"]


def test_json_of_a_waited_for_run_is_its_end(ops: Terminal, demo: None, worker: None) -> None:
    said = ops("backup", "demo", "--wait", "--json")
    assert (said.code, said.document["state"], said.err) == (1, "failed_safe", "")
    assert "There is no database at" in said.document["cause"]


def test_json_of_one_incident_has_its_timeline(ops: Terminal, demo: None) -> None:
    number = make_incident().pk
    document = ops("incident", "show", number, "--json").document
    assert document["incident"] == number
    assert document["timeline"][0]["text"] == "/health: connection refused"


def test_json_of_one_run_has_its_steps(ops: Terminal, demo: None) -> None:
    document = ops("run", Run.objects.get().pk, "--json").document
    assert document["verdict"] == "Succeeded"
    assert document["steps"][0]["work_seconds"] == 1.0


@pytest.mark.parametrize("words", READING)
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["people", "json"])
def test_no_secret_is_printed(ops: Terminal, demo: None, words: str, form: list[str]) -> None:
    said = ops(*words.split(), *form)
    assert "canary-password" not in said.out + said.err
    assert "canary-reason" not in said.out + said.err


def test_a_run_that_needs_a_person_gives_the_commands(ops: Terminal) -> None:
    run = make_run(state=RunState.NEEDS_HUMAN, facts={"by_hand": ["docker start sms-app"]})
    said = ops("run", run.pk, "--wait")
    assert said.code == 1
    assert "  by hand: docker start sms-app" in said.lines
    assert ops("run", run.pk, "--json").document["by_hand"] == ["docker start sms-app"]


def test_a_run_that_goes_on_has_exit_code_0_and_a_failed_one_1(ops: Terminal) -> None:
    assert ops("run", make_run(state=RunState.RUNNING).pk).code == 0
    assert ops("run", make_run(state=RunState.UNDONE).pk).code == 1


def test_columns_stand_below_their_headings(ops: Terminal) -> None:
    for number in (1, 2):
        make_run(title="x" * number * 10)
    first, *rest = ops("runs").lines
    assert all(line[first.index("WHAT") - 1] == " " and line[first.index("WHAT")] == "x" for line in rest)


def test_as_many_runs_as_were_asked_for_are_listed_newest_first(ops: Terminal) -> None:
    runs = [make_run() for _ in range(4)]
    numbers = [line.split()[0] for line in ops("runs", "--last", "2").lines[1:]]
    assert numbers == [str(runs[3].pk), str(runs[2].pk)]


def test_the_real_program_prints_json_that_others_can_read(demo: None) -> None:
    said = typed("env", "list", "--json")
    assert (said.code, said.err) == (0, "")
    assert said.document[0]["name"] == "demo"


def test_a_reader_who_has_seen_enough_of_a_long_list_ends_it_quietly(transactional_db: None) -> None:
    environment = make_environment()
    for _ in range(200):
        make_run(environment, title="A backup with a title that is long enough to fill the pipe with it")
    reading, writing = os.pipe()
    os.close(reading)
    with process("runs", "--last", "200", stdout=writing) as child:
        os.close(writing)
        _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (0, "")


def without_a_reader(*words: str) -> tuple[int, str]:
    """Run a command whose reader is gone already; its exit code and stderr."""
    reading, writing = os.pipe()
    os.close(reading)
    with process(*words, stdout=writing) as child:
        os.close(writing)
        _, err = child.communicate(timeout=60)
    return child.returncode, err


@pytest.mark.parametrize("words", ["runs", "env list --json"])
def test_a_reader_who_has_seen_enough_of_a_short_list_ends_it_quietly(words: str, transactional_db: None) -> None:
    make_run()
    assert without_a_reader(*words.split()) == (0, "")


def test_wrong_use_without_a_reader_is_still_wrong_use(transactional_db: None) -> None:
    code, err = without_a_reader("backup", "nowhere", "--json")
    assert code == 2
    assert len(err.splitlines()) == 1
