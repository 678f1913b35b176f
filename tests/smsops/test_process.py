"""Other programs: an argument list, no shell, a bounded time, bounded output."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from smsops import process
from smsops.errors import OpsError
from tests.places import wait_for
from tests.runtimes.acts import alive


def test_a_program_is_told_by_code_and_both_streams() -> None:
    done = process.run(["sh", "-c", "echo out; echo err >&2; exit 3"], timeout=5)
    assert (done.code, done.stdout, done.stderr) == (3, "out\n", "err\n")
    assert not done.ok


def test_arguments_are_never_read_by_a_shell(tmp_path: Path) -> None:
    done = process.run(["echo", "$HOME;", f"touch {tmp_path}/x", "*", "`id`"], timeout=5)
    assert done.stdout == f"$HOME; touch {tmp_path}/x * `id`\n"
    assert not (tmp_path / "x").exists()
    assert done.argv[0] == "echo"


def test_the_child_gets_nothing_from_our_environment_but_the_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMSOPS_SECRET_KEY", "canary")
    monkeypatch.setenv("LANG", "C.UTF-8")
    done = process.run([sys.executable, "-c", "import os; print(*os.environ)"], timeout=5, env={"GIVEN": "1"})
    # The interpreter itself adds LC_CTYPE under the C locale.
    assert set(done.stdout.split()) - {"LC_CTYPE"} <= {"PATH", "HOME", "LANG", "GIVEN"}
    assert {"PATH", "GIVEN"} <= set(done.stdout.split())


def test_a_variable_given_wins_over_ours() -> None:
    assert process.run(["/bin/sh", "-c", "echo $HOME"], timeout=5, env={"HOME": "/given"}).stdout == "/given\n"


def test_the_child_has_no_input_and_works_where_it_is_told(tmp_path: Path) -> None:
    assert process.run(["sh", "-c", "cat; pwd"], timeout=5, cwd=tmp_path).stdout == f"{tmp_path}\n"


def test_a_program_that_is_too_slow_is_ended_and_named() -> None:
    began = time.monotonic()
    with pytest.raises(OpsError, match=r"The program sleep took longer than 0\.2 s and was ended"):
        process.run(["sleep", "60"], timeout=0.2)
    assert time.monotonic() - began < 5


def test_the_whole_group_is_ended_with_it(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 60 & echo $! >> {pids}; (sleep 60 & echo $! >> {pids}; wait) & wait"
    began = time.monotonic()
    with pytest.raises(OpsError):
        process.run(["sh", "-c", script], timeout=3)
    assert time.monotonic() - began < 20
    started = [int(pid) for pid in pids.read_text().split()]
    assert len(started) == 2
    wait_for(lambda: not any(alive(pid) for pid in started), "the group to be gone")


def test_who_left_the_group_does_not_hold_us() -> None:
    began = time.monotonic()
    with pytest.raises(OpsError):
        process.run(["sh", "-c", "setsid sleep 60 & sleep 60"], timeout=0.3)
    assert time.monotonic() - began < 20


def test_a_child_is_not_in_our_process_group() -> None:
    done = process.run([sys.executable, "-c", "import os; print(os.getpgrp())"], timeout=5)
    assert int(done.stdout) != os.getpgrp()


@pytest.mark.parametrize("program", ["no-such-program", "/etc/hostname", "/etc"])
def test_a_program_that_cannot_be_started_is_named(program: str) -> None:
    with pytest.raises(OpsError, match=f"The program {program} cannot be started"):
        process.run([program, "x"], timeout=5)


def test_only_the_end_of_a_long_output_is_kept() -> None:
    script = f"import sys; sys.stdout.write('a' * {process.MAX_OUTPUT} + 'end')"
    done = process.run([sys.executable, "-c", script], timeout=10)
    assert len(done.stdout) == process.MAX_OUTPUT
    assert done.stdout.endswith("aend")


def test_bytes_that_are_no_text_do_not_break_the_output() -> None:
    assert process.run(["printf", r"a\377b"], timeout=5).stdout == "a\ufffdb"
