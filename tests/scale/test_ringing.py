"""Many environments are rung for with few messages, and one that hangs holds up no other."""

from __future__ import annotations

from typing import Any

import pytest

from smsops import ringing


class Bell:
    """Stands for a task: remembers what it was rung with."""

    def __init__(self) -> None:
        self.rung: list[tuple[tuple[int, ...], str | None]] = []
        self.request: Any = type("Request", (), {"delivery_info": {"routing_key": "here"}})

    def apply_async(self, numbers: tuple[int, ...], queue: str | None, expires: float) -> None:
        self.rung.append((numbers, queue))


def test_few_environments_have_a_message_each() -> None:
    bell = Bell()
    ringing.ring(bell, [(1, "here"), (2, "there")], 30)
    assert bell.rung == [((1,), "here"), ((2,), "there")]


def test_a_thousand_are_fifty_messages_with_every_one_of_them_once() -> None:
    bell = Bell()
    ringing.ring(bell, [(number, "here") for number in range(1000)], 30)
    assert len(bell.rung) == ringing.MESSAGES
    assert sorted(number for numbers, _ in bell.rung for number in numbers) == list(range(1000))


def test_nobody_to_look_at_is_no_message() -> None:
    bell = Bell()
    ringing.ring(bell, [], 30)
    assert bell.rung == []


def test_those_of_a_message_are_done_in_turn() -> None:
    bell, done = Bell(), list[int]()
    ringing.in_turn(bell, done.append, (1, 2, 3), 30)
    assert (done, bell.rung) == ([1, 2, 3], [])


def test_behind_one_that_takes_long_the_others_are_rung_for_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    bell, done = Bell(), list[int]()
    monkeypatch.setattr(ringing, "HELD_UP", -1)
    ringing.in_turn(bell, done.append, (1, 2, 3), 30)
    assert done == [1]
    assert bell.rung == [((2,), "here"), ((3,), "here")]
