"""Of a build's log the last telling line is the cause, and the step it was in."""

from __future__ import annotations

from deployments.sources.build_log import cause

COMPLAINT = "The command '/bin/sh -c npm ci' returned a non-zero code: 1"


def test_the_last_line_that_complains_is_the_cause() -> None:
    log = ["Step 4/9 : RUN npm ci", " ---> Running in 1f2e", "npm error code ENOTFOUND", "npm error network", "see log"]
    assert cause(log, COMPLAINT) == "npm error network (Step 4/9 : RUN npm ci)"


def test_where_nothing_complains_it_is_the_last_line_that_was_printed() -> None:
    log = ["Step 1/2 : RUN true", "all is well", "Step 2/2 : RUN sh x", " ---> Running in 1f2e", "giving up", ""]
    assert cause([*log, "Removing intermediate container 1f2e"], COMPLAINT) == "giving up (Step 2/2 : RUN sh x)"


def test_complaints_of_earlier_steps_are_not_taken_for_it() -> None:
    log = ["Step 1/2 : RUN a", "error: ignored", "Step 2/2 : COPY missing /app", " ---> 1f2e"]
    assert cause(log, "COPY failed: no such file: missing") == "COPY failed: no such file: missing"


def test_a_silent_log_leaves_the_engines_own_word() -> None:
    assert cause([], COMPLAINT) == COMPLAINT


def test_an_endless_line_is_cut() -> None:
    assert len(cause(["Step 1/1 : RUN a", "error " * 500], COMPLAINT)) < 700
