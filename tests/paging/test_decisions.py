"""What an escalation decides, as a table: what is known, so many minutes after, who is paged, when it looks again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest

from incidents.services import decisions
from incidents.services.decisions import Paged, View

BEGAN = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
MATRIX = import_module("incidents.migrations.0010_matrix")


def level(position: int, after: int = 0, condition: str = "", office_hours: bool = False) -> dict[str, Any]:
    return {"position": position, "after_minutes": after, "condition": condition, "office_hours": office_hours}


def view(*levels: dict[str, Any], **known: Any) -> View:
    policy = {"nag_minutes": 5, "rounds": 3, "acknowledged_minutes": 60, "levels": levels}
    return View(policy, BEGAN, known.pop("paged", {}), known.pop("facts", {}), free_since=BEGAN, **known)


def at(minutes: float) -> datetime:
    return BEGAN + timedelta(minutes=minutes)


def paged(**levels: tuple[float, int]) -> dict[int, Paged]:
    """`l1=(0, 1)`: level 1 was paged at minute 0, once."""
    return {int(name[1:]): Paged(at(minutes), times) for name, (minutes, times) in levels.items()}


TWO = (level(1), level(2, 15, "unresolved"))
FREE = (level(1), level(2, 15))
FACT = (level(1), level(2, 0, "integrity_failed"))
CAUSE = (level(1), level(2, 20, "cause_unknown"))
WAIT = (level(1), level(2, 0, "unanswered"))


def brought(minute: float, each: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Level 1, and behind it this one, which was brought at that minute."""
    return level(1), {**each, "brought": at(minute).isoformat()}


def only_brought(minute: float, times: int = 1) -> dict[int, Paged]:
    """Level 1 was paged until it is not any more; level 2 because it was brought."""
    return {1: Paged(at(minute), 4), 2: Paged(at(minute), times, own=False)}


NOT_OVER, DAMAGED = brought(1, level(2, 15, "unresolved")), brought(1, level(2, 0, "integrity_failed"))

ROWS: dict[str, tuple[View, float, list[int], float | None]] = {
    "level 1 is paged at once": (view(*TWO), 0, [1], 5),
    "again after five minutes": (view(*TWO, paged=paged(l1=(0, 1))), 5, [1], 10),
    "not before": (view(*TWO, paged=paged(l1=(0, 1))), 4.9, [], 5),
    "level 2 after fifteen": (view(*TWO, paged=paged(l1=(12, 3))), 15, [2], 17),
    "also when somebody has it and it is not over": (view(*TWO, paged=paged(l1=(0, 1)), held=True), 15, [2], None),
    "not when users are served again": (view(*TWO, paged=paged(l1=(0, 1)), over=True), 15, [], None),
    "an acknowledgement stops reminders": (view(*FREE, paged=paged(l1=(0, 1)), held=True), 60, [], None),
    "and what only time brings": (view(*FREE, held=True), 60, [], None),
    "but not what waits for it to be over": (view(*TWO, paged=paged(l1=(0, 1)), held=True), 5, [], 15),
    "without a fact nothing": (view(*FACT, paged=paged(l1=(0, 4))), 1, [], 5),
    "a fact at once": (view(*FACT, paged=paged(l1=(0, 1)), facts={"integrity_failed": at(1)}), 1, [2], 5),
    "whoever has it": (view(*FACT, paged=paged(l1=(0, 1)), facts={"integrity_failed": at(1)}, held=True), 1, [2], None),
    "also when it is over": (
        view(*FACT, paged=paged(l1=(0, 1)), facts={"integrity_failed": at(1)}, over=True), 2, [2], None),
    "a fact pages once where somebody has it": (
        view(*FACT, paged=paged(l1=(0, 1), l2=(1, 1)), facts={"integrity_failed": at(1)}, held=True), 30, [], None),
    "the cause is unknown after twenty": (view(*CAUSE, paged=paged(l1=(18, 4)), held=True), 20, [2], None),
    "the cause is known": (view(*CAUSE, paged=paged(l1=(0, 1)), facts={"cause_known": at(9)}, held=True), 30, [], None),
    "nobody within the response time": (view(*WAIT, paged=paged(l1=(12, 4))), 15, [2], 17),
    "which a lower severity makes longer": (
        view(*WAIT, paged=paged(l1=(15, 4)), response=timedelta(minutes=30)), 15, [], 20),
    "somebody within the response time": (view(*WAIT, paged=paged(l1=(0, 1)), held=True), 60, [], None),
    "three more rounds and then only the next": (view(*FREE, paged=paged(l1=(15, 4), l2=(15, 1))), 20, [2], 25),
    "the last level for ever": (view(*FREE, paged=paged(l1=(15, 4), l2=(900, 180))), 905, [2], 910),
    "the only level for ever": (view(level(1), paged=paged(l1=(900, 180))), 905, [1], 910),
    "after an outage each missed level once": (view(*TWO), 120, [1, 2], 125),
    "no level, nothing": (view(), 60, [], None),
    "office hours wait for the morning": (
        view(level(1, 8 * 60, "", True), zone="Europe/Athens"), 8 * 60, [], 18 * 60),
    "and not at night": (view(level(1, 11 * 60, "", True)), 12 * 60, [], 20 * 60),
    "what is brought is paged at once": (view(*NOT_OVER, paged=paged(l1=(0, 1))), 1, [2], 5),
    "not while somebody has it": (view(*NOT_OVER, paged=paged(l1=(0, 1)), held=True), 1, [], 15),
    "and then by its own condition": (view(*NOT_OVER, paged=paged(l1=(0, 1)), held=True), 15, [2], None),
    "also when it was paged before": (view(*NOT_OVER, paged=only_brought(1), held=True), 15, [2], None),
    "not when users are served": (view(*NOT_OVER, paged=only_brought(1), over=True), 15, [], None),
    "it is paged again like any other": (view(*NOT_OVER, paged=only_brought(1)), 6, [2], 11),
    "a fact pages what was only brought": (
        view(*DAMAGED, paged=only_brought(1), facts={"integrity_failed": at(7)}, held=True), 7, [2], None),
    "what only time brings is not paged by both": (
        view(*brought(1, level(2, 15)), paged=only_brought(14, 3)), 15, [], 19),
    "what is brought waits for no office hours": (
        view(*brought(660, level(2, 600, "unresolved", True)), paged=paged(l1=(659, 4))), 660, [2], 664),
    "reminders of it do as well": (view(level(1, 0, "", True), paged=paged(l1=(359, 1))), 6 * 60 + 10, [], 20 * 60),
}  # fmt: skip


@pytest.mark.parametrize(("known", "minutes", "levels", "again"), ROWS.values(), ids=ROWS)
def test_what_is_paged_and_when_it_is_looked_at_again(
    known: View, minutes: float, levels: list[int], again: float | None
) -> None:
    decided = decisions.decide(known, at(minutes))
    assert [call.position for call in decided.calls] == levels
    assert decided.due_at == (at(again) if again is not None else None)


def test_what_was_held_back_by_an_acknowledgement_is_due_from_when_it_lapsed() -> None:
    known = replace(view(*FREE, paged=paged(l1=(60, 0))), free_since=at(60))
    assert [(call.position, call.due) for call in decisions.decide(known, at(65)).calls] == [(1, at(65)), (2, at(60))]


def test_after_an_outage_what_is_due_by_both_is_paged_by_its_own_condition_and_so_once() -> None:
    (call,) = decisions.decide(view(*NOT_OVER, paged=paged(l1=(18, 4))), at(20)).calls
    assert (call.position, call.due, call.times, call.own) == (2, at(15), 1, True)


def test_the_count_of_a_level_begins_anew_when_nobody_has_it_any_more() -> None:
    (call,) = decisions.decide(view(level(1), paged=paged(l1=(55, 0))), at(60)).calls
    assert call.times == 1


@pytest.mark.parametrize(
    ("each", "over", "stays"),
    [
        (level(1), False, False),
        (level(1, 0, "unanswered"), False, False),
        (level(1, 0, "unresolved"), False, True),
        (level(1, 0, "unresolved"), True, False),
        (level(1, 0, "cause_unknown"), False, True),
        (level(1, 0, "integrity_failed"), True, True),
    ],
)
def test_which_pages_are_wanted_although_somebody_has_it(each: dict[str, Any], over: bool, stays: bool) -> None:
    assert decisions.stays(each, over=over) is stays


# Runbook §5.4: kind of issue, what happens, minutes until the final level is paged (None: never by that).
MATRIX_ROWS: list[tuple[str, dict[str, Any], float | None]] = [
    ("service", {}, 15),
    ("service", {"held": True}, 15),
    ("service", {"over": True}, None),
    ("data", {"held": True}, None),
    ("data", {"held": True, "facts": {"integrity_failed": at(7)}}, 7),
    ("security", {"held": True}, None),
    ("security", {"held": True, "facts": {"exposure_confirmed": at(3)}}, 3),
    ("unknown", {"held": True}, 20),
    ("unknown", {"held": True, "facts": {"cause_known": at(19)}}, None),
]


@pytest.mark.parametrize(("issue", "known", "minutes"), MATRIX_ROWS)
def test_the_matrix_of_the_runbook(issue: str, known: dict[str, Any], minutes: float | None) -> None:
    later = next(levels for _, kind, levels in MATRIX.POLICIES if kind == issue)
    levels = [level(1), *(level(number, row[0], row[1]) for number, row in enumerate(later, start=2))]
    found = view(*levels, paged=paged(l1=(0, 4)), **known)
    came = next((minute for minute in range(121) if _higher(found, minute)), None)
    assert came == minutes


def _higher(known: View, minute: int) -> bool:
    return any(call.position > 1 for call in decisions.decide(known, at(minute)).calls)


def test_whatever_the_kind_of_issue_nobody_answering_brings_the_final_level_within_twenty_minutes() -> None:
    for _, _, later in MATRIX.POLICIES:
        levels = [level(1), *(level(number, row[0], row[1]) for number, row in enumerate(later, start=2))]
        assert _higher(view(*levels, paged=paged(l1=(0, 4))), 20)
