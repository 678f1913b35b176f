"""The log's segments: names as the server makes them, and every hole is found."""

from __future__ import annotations

import pytest

from backups.engines.postgres.segments import Segment, at, coverage, parse

FIRST = Segment(1, 254)


def names(*numbers: int, timeline: int = 1) -> list[str]:
    return [Segment(timeline, number).name() for number in numbers]


@pytest.mark.parametrize("number", [0, 1, 255, 256, 257, 65535, 65536])
def test_a_name_is_read_as_it_was_written(number: int) -> None:
    assert parse(Segment(3, number).name()) == Segment(3, number)


def test_names_count_as_the_server_counts() -> None:
    assert [Segment(1, number).name() for number in (255, 256)] == [
        "0000000100000000000000FF",
        "000000010000000100000000",
    ]
    assert at(1, "1/12345678") == parse("000000010000000100000012")


@pytest.mark.parametrize("name", ["00000002.history", "0000000100000000000000FF.partial", "receiver.log", ""])
def test_other_files_are_no_segments(name: str) -> None:
    assert parse(name) is None


def test_a_log_without_a_hole_is_covered_to_its_end() -> None:
    found = coverage(FIRST, names(250, 254, 255, 256, 257))
    assert (found.last, found.problem) == (Segment(1, 257), "")


def test_a_missing_segment_is_named() -> None:
    found = coverage(FIRST, names(254, 255, 257, 258))
    assert found.last == Segment(1, 255)
    assert found.problem == "000000010000000100000000 is missing, although 000000010000000100000001 is there."


def test_a_missing_first_segment_is_named() -> None:
    assert coverage(FIRST, names(255)).problem.startswith("0000000100000000000000FE is missing, although")
    assert coverage(FIRST, []).problem == "0000000100000000000000FE is missing."


def test_another_timeline_ends_the_log() -> None:
    found = coverage(FIRST, [*names(254, 255), *names(256, timeline=2)])
    assert found.last == Segment(1, 255)
    assert found.problem.startswith("The server went from timeline 1 to 2")
