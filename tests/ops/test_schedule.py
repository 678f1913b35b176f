"""`ops schedule`: when backups are taken, and pauses."""

from __future__ import annotations

import pytest

from tests.ops.terminal import Terminal
from tests.places import Place


@pytest.fixture
def name(process_place: Place) -> str:
    return process_place.name


def test_the_schedule_is_told_in_sentences(ops: Terminal, name: str) -> None:
    said = ops("schedule", name)
    assert (said.code, said.lines[0]) == (0, "Backups every 15 min.")
    assert "The RPO is broken: there is no good backup yet." in said.out


def test_a_pause_has_a_reason_and_an_end_and_can_be_ended(ops: Terminal, name: str) -> None:
    said = ops("schedule", name, "--pause", "2", "--reason", "the school moves")
    assert (said.code, "Paused until" in said.out, "the school moves" in said.out) == (0, True, True)
    assert "Paused" not in ops("schedule", name, "--resume").out


def test_a_pause_without_a_reason_is_wrong_use(ops: Terminal, name: str) -> None:
    said = ops("schedule", name, "--pause", "2")
    assert (said.code, said.complaint.count("Say why")) == (2, 1)


def test_before_the_first_ring_nobody_is_told_a_time_that_moves(ops: Terminal, name: str) -> None:
    assert "The next one is due; it begins within 15 min." in ops("schedule", name).lines
