"""The way of a post-mortem: draft, in review, approved by somebody else, published."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from incidents.models import POSTMORTEM_TABLE, FactKind, PostMortem
from incidents.postmortems import drafting, review
from incidents.postmortems.sections import CHECKLIST
from incidents.services import facts, incidents, lifecycle
from smsops.errors import WrongUse
from smsops.models import Environment
from tests.after.conftest import drafted, write


def handed_in(environment: Environment, user: User) -> PostMortem:
    found = write(drafted(environment), user, cause="A full disk.")
    review.submit(found, user)
    return found


def approved(environment: Environment, author: User, reviewer: User) -> PostMortem:
    found = handed_in(environment, author)
    review.approve(found, reviewer, CHECKLIST)
    return found


def test_the_table_is_the_one_people_know() -> None:
    assert dict(POSTMORTEM_TABLE) == {
        "draft": {"in_review"},
        "in_review": {"draft", "approved"},
        "approved": {"published", "draft"},
        "published": {"draft"},
    }


def test_one_without_a_cause_is_not_handed_in(environment: Environment, ada: User) -> None:
    with pytest.raises(WrongUse, match="“Why it happened” is empty"):
        review.submit(drafted(environment), ada)


def test_it_is_not_approved_by_who_wrote_it_while_somebody_else_could(
    environment: Environment, ada: User, bob: User
) -> None:
    found = handed_in(environment, ada)
    with pytest.raises(WrongUse, match="somebody else can approve it: bob"):
        review.approve(found, ada, CHECKLIST)
    review.approve(found, bob, CHECKLIST)
    assert (found.state, found.alone) == ("approved", False)


def test_somebody_who_is_alone_may_and_it_says_so(environment: Environment, ada: User) -> None:
    found = handed_in(environment, ada)
    review.approve(found, ada, CHECKLIST)
    assert found.alone


def test_whoever_may_not_see_a_private_incident_is_nobody_who_could_approve_it(
    environment: Environment, ada: User, bob: User
) -> None:
    found = handed_in(environment, ada)
    found.incident.private = True
    assert review.others_who_may(found) == []


@pytest.mark.parametrize("missing", CHECKLIST)
def test_every_question_has_to_be_answered_with_yes(
    environment: Environment, ada: User, bob: User, missing: str
) -> None:
    found = handed_in(environment, ada)
    with pytest.raises(WrongUse, match="Not yet: "):
        review.approve(found, bob, set(CHECKLIST) - {missing})
    found.refresh_from_db()
    assert found.state == "in_review"


def test_what_was_measured_stays_as_it_was_approved(environment: Environment, ada: User, bob: User) -> None:
    found = approved(environment, ada, bob)
    facts.establish(found.incident, FactKind.ROWS_LOST, "Later news.")
    assert drafting.measure_all() == 0
    assert not drafting.measure(found.pk)
    found.refresh_from_db()
    assert "Later news." not in str(found.measured)


def test_what_happened_just_before_the_approval_is_in_it(environment: Environment, ada: User, bob: User) -> None:
    found = handed_in(environment, ada)
    incidents.note(found.incident, "note", "The last word.")
    review.approve(found, bob, CHECKLIST)
    assert "The last word." in str(found.measured)


def test_an_incident_that_opens_again_takes_the_approval_back_and_keeps_what_was_approved(
    environment: Environment, ada: User, bob: User
) -> None:
    found = approved(environment, ada, bob)
    lifecycle.reopen(found.incident, "It is down again.", ada)
    found.refresh_from_db()
    assert found.state == "draft"
    assert found.versions.exclude(measured__isnull=True).first().texts == {"cause": "A full disk."}  # type: ignore[union-attr]


def test_back_to_a_draft_it_has_to_be_approved_again(environment: Environment, ada: User, bob: User) -> None:
    found = approved(environment, ada, bob)
    review.send_back(found, bob, "The numbers of the second school are missing.")
    assert (found.state, found.approved_by, found.checklist) == ("draft", None, [])
    with pytest.raises(WrongUse, match="that is draft cannot become published"):
        review.publish(found, bob)


def test_of_two_who_move_it_at_once_the_second_is_told(environment: Environment, ada: User, bob: User) -> None:
    found = handed_in(environment, ada)
    stale = PostMortem.objects.get(pk=found.pk)
    review.send_back(found, ada, "Not yet.")
    with pytest.raises(WrongUse, match="Somebody else has just moved it"):
        review.approve(stale, bob, CHECKLIST)


def test_every_step_is_on_the_timeline(environment: Environment, ada: User, bob: User) -> None:
    found = approved(environment, ada, bob)
    review.publish(found, bob)
    said = [(line.author, line.text) for line in found.incident.timeline.filter(text__startswith="The post-mortem")]
    assert said == [
        ("ada", "The post-mortem is in review."),
        ("bob", "The post-mortem is approved."),
        ("bob", "The post-mortem is published."),
    ]


def test_the_due_date_can_be_set_with_a_reason(environment: Environment, ada: User) -> None:
    found = drafted(environment)
    assert found.due_at is not None
    later = found.due_at + timedelta(days=2)
    review.set_due(found, ada, later, "The team is away.")
    found.refresh_from_db()
    assert found.due_at == later
    assert "The team is away." in found.incident.timeline.last().text  # type: ignore[union-attr]
