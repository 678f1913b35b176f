"""The chain: nothing in it is changed, left out or put in without being named."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from smsops.audit import anchors, chain, checking, record, verifying
from smsops.errors import WrongUse
from smsops.models import AuditEntry
from smsops.models.audit import Untouchable
from tests.audit.trail import TABLE, a_trail, sql
from tests.factories import CANARY, make_environment

pytestmark = pytest.mark.django_db

OTHERS: dict[str, Any] = {
    "previous": "f" * 64, "digest": "f" * 64, "at": "2020-01-01 00:00:00", "sort": "link", "action": "another",
    "outcome": "failed", "who": "mallory", "user": 7, "door": "api", "address": "192.0.2.9", "agent": "curl",
    "kind": "run", "number": "99", "words": "another", "reason": "another", "changes": '{"a": [1, 2]}',
    "given": '{"a": 1}', "scope": "incident:1", "together": "abc",
}  # fmt: skip


def test_these_tests_tamper_with_every_field() -> None:
    assert {field.name for field in AuditEntry._meta.fields} == {"sequence", *OTHERS}


def test_entries_follow_each_other_from_one_on() -> None:
    first, second, third = a_trail(3)
    assert (first.sequence, second.sequence, third.sequence) == (1, 2, 3)
    assert (first.previous, second.previous, third.previous) == (chain.BEGINNING, first.digest, second.digest)
    assert verifying.database().sentence == "The chain of 3 entries is whole."


@pytest.mark.parametrize("number", [1, 3, 5])
@pytest.mark.parametrize("field", OTHERS)
def test_whatever_is_changed_in_whichever_entry_is_named(field: str, number: int) -> None:
    a_trail(5)
    sql(f'UPDATE {TABLE} SET "{field}" = %s WHERE sequence = %s', OTHERS[field], number)
    found = verifying.database()
    assert found.bad == number
    assert found.sentence.startswith(f"The chain is broken at entry {number}: ")


def test_another_number_is_named() -> None:
    a_trail(5)
    sql(f"UPDATE {TABLE} SET sequence = 9 WHERE sequence = 3")
    assert verifying.database().sentence == "The chain is broken at entry 3: it is missing."


def test_what_cannot_even_be_read_is_named() -> None:
    a_trail(5)
    sql(f"UPDATE {TABLE} SET changes = %s, who = %s WHERE sequence = 4", '"no changes"', "x")
    assert verifying.database().bad == 4


def test_an_entry_that_was_taken_out_is_named() -> None:
    a_trail(5)
    sql(f"DELETE FROM {TABLE} WHERE sequence = 2")
    assert verifying.database().bad == 2


def test_a_chain_that_was_reckoned_anew_is_not_what_the_anchor_says() -> None:
    entries = a_trail(4)
    known = {each.sequence: each.digest for each in entries}
    sql(f"DELETE FROM {TABLE} WHERE sequence > 2")
    a_trail(2)
    assert verifying.database().whole
    found = verifying.database(anchors=known)
    assert (found.bad, found.problem) == (3, "it is another one than the anchor of its day says.")


def test_an_end_that_was_cut_off_is_noticed_by_the_anchor(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        a_trail(5)
    sql(f"DELETE FROM {TABLE} WHERE sequence > 3")
    assert verifying.database().whole
    found = checking.check()
    assert found.bad == 4
    assert "everything up to entry 5" in found.sentence


def test_a_chain_that_grew_again_after_its_end_was_cut_off_stays_broken(
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        a_trail(5)
    sql(f"DELETE FROM {TABLE} WHERE sequence > 3")
    with django_capture_on_commit_callbacks(execute=True):
        a_trail(4)
    assert checking.check().bad == 4


def test_a_torn_line_among_the_anchors_hides_none_of_the_others(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        (entry,) = a_trail(1)
    anchors._append('{"sequence": 2, "dig')
    assert anchors.known() == {1: entry.digest}


def test_it_can_be_verified_from_an_entry_on() -> None:
    a_trail(5)
    sql(f"UPDATE {TABLE} SET who = 'mallory' WHERE sequence = 2")
    assert verifying.database(3).whole
    assert verifying.database(3).entries == 3
    with pytest.raises(WrongUse, match=r"^There is no entry 8 to begin after\.$"):
        verifying.database(9)


def test_a_check_is_an_entry_itself_and_the_page_says_what_came_of_the_last() -> None:
    a_trail(2)
    assert checking.state().checked_at is None
    checking.check()
    a_trail(1)
    state = checking.state()
    assert (state.entries, state.whole, state.sentence) == (4, True, "")
    assert state.checked_at is not None


def test_a_broken_chain_stays_broken_for_the_page() -> None:
    a_trail(3)
    sql(f"UPDATE {TABLE} SET who = 'mallory' WHERE sequence = 2")
    checking.check()
    assert checking.state().sentence == "The chain is broken at entry 2: it is not as it was written."


def test_a_transaction_that_is_rolled_back_leaves_no_gap() -> None:
    a_trail(2)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record("environment.check")
        raise ZeroDivisionError
    assert record("environment.check").sequence == 3
    assert verifying.database().whole


def test_no_program_of_ours_changes_or_removes_an_entry() -> None:
    (entry,) = a_trail(1)
    entry.who = "mallory"
    found = AuditEntry.objects.all()
    for attempt in (entry.save, entry.delete, found.delete, lambda: found.update(who="x"),
                    lambda: found.bulk_update([entry], ["who"])):  # fmt: skip
        with pytest.raises(Untouchable):
            attempt()
    assert verifying.database().whole


def test_secrets_are_redacted_in_every_text() -> None:
    secret = f"password={CANARY}"
    target = make_environment(title=secret)
    record("a.b", target, reason=secret, given={"url": f"postgresql://sms:{CANARY}@db/sms", "token": secret},
           changes={"note": (secret, {"api_key": CANARY})})  # fmt: skip
    entry = AuditEntry.objects.get()
    assert CANARY not in repr(AuditEntry.objects.values().get())
    assert "[redacted]" in entry.reason


def test_long_and_odd_texts_fit() -> None:
    odd = "a\0b\ud800" + "é" * 3000
    entry = record(odd, reason=odd, words=odd, about=(odd, odd), given={"x": odd, "f": 1.5, "l": [1, 2]})
    entry.refresh_from_db()
    assert verifying.database().whole
    assert len(entry.reason) == 2000
