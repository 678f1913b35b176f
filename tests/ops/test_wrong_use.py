"""Wrong use: exit code 2, one clear line on stderr, nothing changed, no traceback."""

from __future__ import annotations

import pytest

from smsops.models import Run, RunState
from tests.admin.browser import everything
from tests.factories import make_backup, make_environment, make_incident, make_release, make_run, make_user
from tests.ops.terminal import Said, Terminal, typed


def refused(said: Said) -> str:
    """See that it was wrong use, and give back what was said about it."""
    assert said.code == 2
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.complaint


@pytest.fixture
def demo(transactional_db: None) -> None:
    """An environment called “demo” with a release, a backup, an ended run and an incident, numbered 1 each."""
    environment = make_environment(name="demo")
    make_release(environment, "1.18.0")
    make_release(environment, "1.17.0", installed=False)
    make_backup(environment, identifier="b1", damage="its digest is wrong.")
    make_incident(environment)
    make_run(environment)


WRONG = {
    "status nowhere": "There is no environment “nowhere”; known are demo.",
    "backup nowhere": "There is no environment “nowhere”; known are demo.",
    "backups nowhere": "There is no environment “nowhere”",
    "verify nowhere": "There is no environment “nowhere”",
    "restore-test nowhere": "There is no environment “nowhere”",
    "restore-test demo": "demo has no good backup yet; take one with “ops backup demo”.",
    "restore nowhere": "There is no environment “nowhere”",
    "releases nowhere": "There is no environment “nowhere”",
    "preflight nowhere 1.18.0": "There is no environment “nowhere”",
    "deploy nowhere 1.18.0": "There is no environment “nowhere”",
    "check nowhere": "There is no environment “nowhere”",
    "rollback nowhere": "There is no environment “nowhere”",
    "runs nowhere": "There is no environment “nowhere”",
    "deploy demo 9.9.9": "demo has no release “9.9.9”; known are 1.18.0, 1.17.0.",
    "deploy demo latest": "demo has no release “latest”",
    "deploy demo 1.17.0": "Release 1.17.0 has no image here. Build or load it, then import again.",
    "preflight demo 9.9.9": "demo has no release “9.9.9”",
    "rollback demo": "smsops knows of no release that ran at demo before this one; say which one to go back to.",
    "rollback demo --to 9.9.9": "demo has no release “9.9.9”",
    "build demo 9.9.9": "demo has no release “9.9.9”",
    "build demo 1.18.0": "Release 1.18.0 is known from its image alone; there is no tag to build it from.",
    "load demo /nowhere.tar": "demo runs natively: its releases are unpacked from their tags, not loaded.",
    "archive demo": "There is nothing to archive at demo. 1.18.0 stays: it is one of the newest 5.",
    "archive demo --keep 0": "At least the newest release stays: keep 1 or more.",
    "verify demo --backup b7": "demo has no backup “b7”; “ops backups demo” lists them.",
    "restore demo": "demo has no good backup yet; take one with “ops backup demo”.",
    "restore demo --backup b7": "demo has no backup “b7”",
    "restore demo --backup b1": "The backup b1 is damaged: its digest is wrong. Choose an older one.",
    "run 99999": "There is no run 99999; “ops runs” lists them.",
    "cancel 99999": "There is no run 99999; “ops runs” lists them.",
    "incident show 99999": "There is no incident 99999; “ops incident” lists the live ones.",
}


@pytest.mark.parametrize("words", WRONG)
def test_wrong_use_is_one_line_and_changes_nothing(ops: Terminal, demo: None, words: str) -> None:
    before = everything()
    assert refused(ops(*words.split())).startswith(WRONG[words])
    assert everything() == before


@pytest.mark.parametrize("words", ["backup nowhere", "deploy demo 9.9.9", "run 99999"])
def test_wrong_use_in_json_is_one_document_with_the_error(ops: Terminal, demo: None, words: str) -> None:
    said = ops(*words.split(), "--json")
    assert said.code == 2
    assert said.document == {"error": said.complaint}


@pytest.mark.parametrize(
    "words",
    ["", "explode", "backup", "deploy demo", "run", "run x", "cancel", "env", "env burn", "backup demo --soon"],
)
def test_words_that_make_no_sense_have_exit_code_2(ops: Terminal, demo: None, words: str) -> None:
    said = ops(*words.split())
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("usage: ")
    assert "error: " in said.err.splitlines()[-1]


def test_with_no_environment_at_all_it_says_so(ops: Terminal) -> None:
    assert refused(ops("backup", "demo")) == "There is no environment “demo”; known are none yet."


@pytest.mark.parametrize("words", ["backup demo", "deploy demo 1.18.0", "rollback demo --to 1.18.0"])
def test_a_second_exclusive_run_is_refused_and_the_first_is_named(ops: Terminal, demo: None, words: str) -> None:
    first = Run.objects.get()
    Run.objects.update(state=RunState.RUNNING, title="The first one")
    said = refused(ops(*words.split()))
    assert said == f"“The first one” (run {first.pk}) is under way at demo; wait for it or cancel it."
    assert Run.objects.count() == 1


def test_a_run_that_is_over_is_not_cancelled(ops: Terminal, demo: None) -> None:
    number = Run.objects.get().pk
    assert refused(ops("cancel", number)) == f"Run {number} is over (succeeded); there is nothing to cancel."


ASKED = "Say who does it: --user NAME, the name of an active user."


@pytest.mark.parametrize(
    ("who", "answer"),
    [([], ASKED), (["--user", ""], ASKED), (["--user", "nobody"], "There is no active user “nobody”.")],
)
def test_an_incident_is_moved_by_somebody_who_exists(ops: Terminal, demo: None, who: list[str], answer: str) -> None:
    assert refused(ops("incident", "acknowledge", make_incident().pk, *who)) == answer


def test_a_blocked_user_moves_no_incident(ops: Terminal) -> None:
    user = make_user(is_active=False)
    said = refused(ops("incident", "acknowledge", make_incident().pk, "--user", user.username))
    assert said == f"There is no active user “{user.username}”."


def test_an_incident_cannot_be_acknowledged_twice(ops: Terminal) -> None:
    words = ("incident", "acknowledge", make_incident().pk, "--user", make_user().username)
    assert ops(*words).code == 0
    assert refused(ops(*words)) == "An incident that is acknowledged cannot become acknowledged."


def test_a_missing_data_folder_is_no_wrong_use_and_no_traceback(ops: Terminal) -> None:
    said = ops("preflight", (release := make_release(make_environment(data_path="/nowhere"))).environment.name, release)
    assert said.code == 1
    assert "FAIL Volume: The data folder /nowhere does not exist." in said.out
    assert said.err == ""


def test_the_real_program_refuses_in_the_same_words(demo: None) -> None:
    assert refused(typed("backup", "nowhere")) == "There is no environment “nowhere”; known are demo."
