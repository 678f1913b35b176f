"""Action items: moved by people, closed by evidence with the evidence told, opened again when it breaks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from incidents.actions import checks, following, history
from incidents.actions.checks import Evidence, Verdict
from incidents.models import ACTION_TABLE, ActionItem, ActionState, Incident
from smsops.errors import WrongUse
from smsops.models import Environment, RunState
from tests.after.conftest import days_ago, over
from tests.factories import make_backup, make_check_result, make_run


@pytest.fixture
def incident(environment: Environment) -> Incident:
    """Over for twenty days."""
    return over(environment, detected_at=days_ago(20.1), acknowledged_at=None, mitigated_at=days_ago(20),
                resolved_at=days_ago(20))  # fmt: skip


def item(incident: Incident, key: str = "", **fields: Any) -> ActionItem:
    return ActionItem.objects.create(incident=incident, title="Do it", check_key=key, **fields)


def looked_at(target: ActionItem) -> ActionItem:
    following.follow()
    return ActionItem.objects.select_related("incident__environment").get(pk=target.pk)


def lines(target: ActionItem) -> list[str]:
    return [entry.text for entry in target.entries.all()]


def test_the_table_is_the_one_people_know() -> None:
    assert dict(ACTION_TABLE) == {
        "proposed": {"todo", "dropped"}, "todo": {"done", "dropped"}, "done": {"todo"}, "dropped": {"todo"},
    }  # fmt: skip


@pytest.mark.parametrize(("severity", "days"), [("critical", 15), ("high", 30), ("medium", 30)])
def test_it_is_due_as_the_severity_says(environment: Environment, ada: User, severity: str, days: int) -> None:
    made = item(over(environment, severity=severity))
    history.created(made, ada)
    assert abs(made.due_at - timezone.now() - timedelta(days=days)) < timedelta(minutes=1)  # type: ignore[operator]


def test_whoever_accepts_a_proposal_has_it_and_it_is_due(incident: Incident, ada: User) -> None:
    made = item(incident, state=ActionState.PROPOSED)
    history.accept(made, ada)
    made.refresh_from_db()
    assert (made.state, made.owner) == ("todo", ada)
    assert made.due_at is not None


def test_a_person_says_what_was_done_or_it_is_not_done(incident: Incident, ada: User) -> None:
    made = item(incident)
    with pytest.raises(WrongUse, match="Say what was done"):
        history.finish(made, ada, "  ")
    history.finish(made, ada, "The alert is there.")
    assert (made.state, made.done_by) == ("done", "ada")
    assert lines(made) == ["Done. The alert is there."]


def test_of_two_who_move_it_at_once_the_second_is_told(incident: Incident, ada: User) -> None:
    made = item(incident)
    stale = ActionItem.objects.get()
    history.drop(made, ada, "It is another team's.")
    with pytest.raises(WrongUse, match="Somebody else has just changed it"):
        history.finish(stale, ada, "Done.")


def test_it_closes_by_itself_with_the_evidence_told_and_once(incident: Incident) -> None:
    made = item(incident, "no_relapse", check_days=14)
    assert following.follow() == 1
    found = looked_at(made)
    assert (found.state, found.done_by, found.held) == ("done", "", True)
    assert lines(found) == ["Closed by evidence. It did not happen again for 14 days."]


def test_it_waits_until_the_days_are_over(incident: Incident) -> None:
    found = looked_at(item(incident, "no_relapse", check_days=30))
    assert (found.state, found.held) == ("todo", None)
    assert found.said == "It did not happen again for 20.0 of 30 days."


def test_it_opens_again_when_it_happens_again_and_closes_again_when_it_did_not_for_long(incident: Incident) -> None:
    made = looked_at(item(incident, "no_relapse", check_days=14))
    again = over(
        incident.environment, fingerprint=incident.fingerprint, detected_at=days_ago(1), resolved_at=days_ago(1)
    )
    found = looked_at(made)
    assert (found.state, found.reopened, found.held) == ("todo", 1, False)
    assert lines(found)[-1].startswith("Opened again by evidence. It happened again at ")
    Incident.objects.filter(pk=again.pk).update(detected_at=days_ago(15))
    assert looked_at(made).state == "done"


def test_what_a_person_closed_while_the_evidence_was_missing_stays_closed(incident: Incident, ada: User) -> None:
    made = item(incident, "restore_test")
    history.finish(made, ada, "Tried by hand.")
    make_run(incident.environment, kind="restore_test", state=RunState.SAFE, cause="It did not start.")
    assert looked_at(made).state == "done"


def test_what_is_dropped_is_asked_no_more(incident: Incident, ada: User) -> None:
    made = item(incident, "no_relapse")
    history.drop(made, ada, "Not worth it.")
    assert following.follow() == 0
    assert looked_at(made).checked_at is None


def test_one_whose_evidence_fails_leaves_the_others_alone(incident: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: ActionItem) -> Verdict:
        raise ValueError("broken")

    monkeypatch.setitem(checks._KNOWN, "broken", Evidence("broken", "broken", fail))
    bad, good = item(incident, "broken"), item(incident, "no_relapse")
    assert following.follow() == 1
    assert (looked_at(bad).state, looked_at(good).state) == ("todo", "done")


def test_a_proof_that_is_not_known_any_more_closes_nothing(incident: Incident) -> None:
    found = looked_at(item(incident, "astrology"))
    assert (found.state, found.said) == ("todo", "Nobody here knows the proof “astrology” any more.")


def backups(incident: Incident, *days: float) -> None:
    for day in days:
        make_run(incident.environment, started_at=days_ago(day), finished_at=days_ago(day) + timedelta(seconds=4))


def test_backups_in_time_close_it_and_a_gap_opens_it_again(incident: Incident) -> None:
    every_half_hour = [hours / 48 for hours in range(5 * 48, -1, -1)]
    backups(incident, *every_half_hour)
    made = looked_at(item(incident, "backup_age", check_days=3))
    assert made.state == "done"
    Environment.objects.update(rpo_minutes=15)
    found = looked_at(made)
    assert found.state == "todo"
    assert "the RPO is 15 min" in found.said


def test_no_backup_at_all_is_no_proof(incident: Incident) -> None:
    found = looked_at(item(incident, "backup_age", check_days=3))
    assert (found.state, found.held) == ("todo", False)


def test_a_backup_of_before_the_incident_ended_proves_nothing_of_afterwards(incident: Incident) -> None:
    make_backup(incident.environment, taken_at=days_ago(21))
    assert looked_at(item(incident, "backup_age", check_days=3)).held is False


def test_a_named_check_that_stays_green_closes_it(incident: Incident) -> None:
    for day in (19, 10, 1):
        make_check_result(incident.environment, at=days_ago(day))
    made = looked_at(item(incident, "check", check_name="health", check_days=14))
    assert (made.state, made.said) == ("done", "“health” was green for 14 days.")
    make_check_result(incident.environment, verdict="fail", detail="HTTP 503", at=days_ago(0.1))
    found = looked_at(made)
    assert (found.state, found.said.endswith("HTTP 503")) == ("todo", True)


@pytest.mark.parametrize(("day", "said"), [(21, "was not asked since the incident was over"), (5, "too long ago")])
def test_a_check_nobody_asks_proves_nothing(incident: Incident, day: float, said: str) -> None:
    make_check_result(incident.environment, at=days_ago(day))
    found = looked_at(item(incident, "check", check_name="health", check_days=1))
    assert found.state == "todo"
    assert said in found.said


def test_a_check_of_a_copy_says_nothing_of_the_real_one(incident: Incident) -> None:
    make_check_result(incident.environment, at=days_ago(0.1), on_copy=True)
    assert "was not asked" in looked_at(item(incident, "check", check_name="health", check_days=1)).said


def test_a_restore_test_since_then_closes_it_and_one_that_fails_opens_it(incident: Incident) -> None:
    made = item(incident, "restore_test")
    run = {"kind": "restore_test", "started_at": days_ago(2)}
    make_run(incident.environment, finished_at=days_ago(21.9), **{**run, "started_at": days_ago(22)})
    assert looked_at(made).state == "todo"
    make_run(incident.environment, finished_at=days_ago(1.9), **run)
    assert looked_at(made).state == "done"
    make_run(incident.environment, finished_at=days_ago(0.9), state=RunState.SAFE, cause="No login.", **run)
    assert looked_at(made).said.endswith("failed: No login.")
    assert looked_at(made).state == "todo"


def test_a_release_or_a_later_one_closes_it_and_going_back_opens_it(incident: Incident) -> None:
    made = item(incident, "release", check_name="1.18.2")
    moves = {"kind": "deploy", "started_at": days_ago(3)}
    make_run(incident.environment, finished_at=days_ago(3), params={"version": "1.18.1"}, **moves)
    assert looked_at(made).state == "todo"
    make_run(incident.environment, finished_at=days_ago(2), params={"version": "1.19.0"}, **moves)
    assert looked_at(made).state == "done"
    make_run(
        incident.environment,
        kind="rollback",
        finished_at=days_ago(1),
        started_at=days_ago(1),
        params={"version": "1.18.1"},
    )
    assert (looked_at(made).state, looked_at(made).said) == ("todo", "Release 1.18.1 runs, not 1.18.2.")
