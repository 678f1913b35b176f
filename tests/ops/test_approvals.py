"""`ops approve`, `ops refuse` and `--break-glass`: the second person at a command line."""

from __future__ import annotations

import os
import pwd

import pytest

from incidents.models import Incident
from smsops.models import Approval, Environment, Run, RunState
from smsops.ops import common
from tests.admin.browser import everything
from tests.factories import make_environment, make_release
from tests.ops.terminal import Said, Terminal

WHY = "the school is locked out"


@pytest.fixture
def demo(transactional_db: None) -> Environment:
    """An environment with a release, where a second person decides on what disturbs SMS."""
    environment = make_environment(name="demo", second_person="disturbing")
    make_release(environment, "1.18.0")
    return environment


@pytest.fixture
def be(monkeypatch: pytest.MonkeyPatch) -> object:
    """From now on commands are typed by that account."""
    return lambda name: monkeypatch.setattr(common, "account", lambda: name)


def ask(ops: Terminal, be: object, *more: str) -> Said:
    be("maria")  # type: ignore[operator]
    return ops("deploy", "demo", "1.18.0", "--reason", WHY, *more)


def test_a_deploy_waits_and_says_how_it_goes_on(ops: Terminal, demo: Environment, be: object) -> None:
    said = ask(ops, be)
    run = Run.objects.get()
    assert (said.code, run.state) == (0, RunState.PLANNED)
    assert said.lines[0].startswith(f"Run {run.pk} waits for a second person until ")
    assert said.lines[0].endswith(f"Another person approves it with: ops approve {run.pk}")


def test_another_account_approves_it(ops: Terminal, demo: Environment, be: object) -> None:
    ask(ops, be)
    be("paul")  # type: ignore[operator]
    run = Run.objects.get()
    said = ops("approve", run.pk)
    assert (said.code, f"Run {run.pk} is queued" in said.out) == (0, True)
    assert (Run.objects.get().state, Approval.objects.get().decided_name) == (RunState.QUEUED, "paul")


def test_the_same_account_does_not(ops: Terminal, demo: Environment, be: object) -> None:
    ask(ops, be)
    before = everything()
    said = ops("approve", Run.objects.get().pk)
    assert (said.code, "another person has to approve it" in said.complaint) == (2, True)
    assert everything() == before


def test_what_variables_say_of_the_account_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "somebody-else")
    assert common.account() == pwd.getpwuid(os.getuid()).pw_name


def test_a_plan_that_has_changed_is_exit_code_1_and_says_why(ops: Terminal, demo: Environment, be: object) -> None:
    ask(ops, be)
    demo.releases.update(image_id="")
    be("paul")  # type: ignore[operator]
    said = ops("approve", Run.objects.get().pk)
    assert (said.code, Run.objects.get().state) == (1, RunState.CANCELLED)
    assert "It is not any more what maria asked for: it cannot be done any more. Release 1.18.0" in said.out


def test_a_refusal_says_why_and_needs_to(ops: Terminal, demo: Environment, be: object) -> None:
    ask(ops, be)
    run = Run.objects.get()
    assert ops("refuse", run.pk).complaint == "Say why it is refused."
    said = ops("refuse", run.pk, "--reason", "not on a Monday")
    assert (said.code, said.lines) == (0, ["Refused by maria: not on a Monday."])
    assert Run.objects.get().state == RunState.CANCELLED


def test_without_a_number_those_that_wait_are_listed(ops: Terminal, demo: Environment, be: object) -> None:
    ask(ops, be)
    run = Run.objects.get()
    line = ops("approve").lines[1]
    assert line.startswith(str(run.pk))
    assert "Deploy 1.18.0 to demo  SMS is disturbed  maria" in line
    assert [each["approval"]["decision"] for each in ops("approve", "--json").document] == ["waiting"]


def test_the_shell_breaks_the_glass_only_where_the_environment_says_so(
    ops: Terminal, demo: Environment, be: object
) -> None:
    said = ask(ops, be, "--break-glass")
    assert (said.code, Run.objects.exists()) == (2, False)
    assert "demo does not let the shell break the glass." in said.complaint


def test_with_broken_glass_it_starts_at_once_and_is_an_incident(ops: Terminal, demo: Environment, be: object) -> None:
    Environment.objects.update(shell_breaks_glass=True)
    assert ask(ops, be, "--break-glass").code == 0
    assert (Run.objects.get().state, Approval.objects.get().decision) == (RunState.QUEUED, "glass_broken")
    assert "maria broke the glass: “Deploy 1.18.0 to demo”" in Incident.objects.get().timeline.last().text  # type: ignore[union-attr]


def test_broken_glass_without_a_reason_is_wrong_use(ops: Terminal, demo: Environment, be: object) -> None:
    Environment.objects.update(shell_breaks_glass=True)
    be("maria")  # type: ignore[operator]
    said = ops("deploy", "demo", "1.18.0", "--break-glass")
    assert (said.code, Run.objects.exists(), Incident.objects.exists()) == (2, False, False)
    assert said.complaint == "Say in at least 3 words why it cannot wait for a second person."


def test_a_backup_by_hand_waits_for_nobody(ops: Terminal, demo: Environment, be: object) -> None:
    be("maria")  # type: ignore[operator]
    assert ops("backup", "demo").code == 0
    assert Run.objects.get().state == RunState.QUEUED


@pytest.mark.parametrize("words", ["approve 99999", "refuse 99999 --reason no"])
def test_a_run_that_is_not_there_is_wrong_use(ops: Terminal, demo: Environment, words: str) -> None:
    said = ops(*words.split())
    assert (said.code, said.complaint) == (2, "There is no run 99999; “ops runs” lists them.")
