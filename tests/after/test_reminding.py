"""Reminders: each written once, to whoever has it; what is overdue also to the ops leads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.utils import timezone

from incidents import reminding
from incidents.models import ActionItem, ActionState, Incident, Page, PostMortem
from smsops.models import Environment
from tests.after.conftest import days_ago, drafted, over
from tests.factories import make_user


@pytest.fixture
def lead(db: None) -> User:
    user = make_user(username="lea", email="lea@school.example")
    user.groups.add(Group.objects.get_or_create(name="Ops lead")[0])
    return user


def item(incident: Incident, due_in: float, **fields: Any) -> ActionItem:
    """Made a month ago, due in so many days."""
    due_at = timezone.now() + timedelta(days=due_in)
    return ActionItem.objects.create(
        incident=incident, title="Watch the disk", created_at=days_ago(30), due_at=due_at, **fields
    )


def told() -> list[tuple[str, str]]:
    reminding.remind()
    return [
        (page.user.get_username() if page.user else "", page.text.splitlines()[0])
        for page in Page.objects.order_by("pk")
    ]


@pytest.mark.parametrize(("due_in", "times"), [(5, 0), (2.9, 1), (0.9, 1), (-0.1, 1), (-1.1, 1), (-30, 1)])
def test_of_what_was_missed_only_the_newest_is_told(
    environment: Environment, ada: User, due_in: float, times: int
) -> None:
    item(over(environment), due_in, owner=ada)
    assert len(told()) == times


def test_it_is_told_once_however_often_it_is_looked_at(environment: Environment, ada: User) -> None:
    item(over(environment), 0.5, owner=ada)
    assert told() == told()
    assert [name for name, _ in told()] == ["ada"]


def test_what_is_overdue_goes_to_its_owner_and_to_the_ops_lead(environment: Environment, ada: User, lead: User) -> None:
    item(over(environment), -2, owner=ada)
    assert sorted(name for name, _ in told()) == ["ada", "lea"]
    assert all("is overdue since" in text for _, text in told())


def test_what_is_nobodys_goes_to_the_ops_lead_beforehand(environment: Environment, lead: User) -> None:
    item(over(environment), 0.5)
    assert [name for name, _ in told()] == ["lea"]


@pytest.mark.parametrize("state", [ActionState.DONE, ActionState.DROPPED, ActionState.PROPOSED])
def test_nobody_is_reminded_of_what_is_not_to_be_done(environment: Environment, ada: User, state: str) -> None:
    item(over(environment), -2, owner=ada, state=state)
    assert told() == []


def test_another_due_date_begins_again(environment: Environment, ada: User) -> None:
    made = item(over(environment), 0.5, owner=ada)
    assert len(told()) == 1
    ActionItem.objects.filter(pk=made.pk).update(due_at=timezone.now() + timedelta(days=2.5))
    assert len(told()) == 2


def test_a_post_mortem_that_is_overdue_is_told_until_it_is_approved(environment: Environment, ada: User) -> None:
    found = drafted(environment)
    PostMortem.objects.update(owner=ada, created_at=days_ago(9), due_at=days_ago(2))
    assert [text.startswith("The post-mortem is overdue since") for _, text in told()] == [True]
    Page.objects.all().delete()
    PostMortem.objects.filter(pk=found.pk).update(state="approved")
    assert told() == []


def test_a_drill_reminds_nobody(environment: Environment, ada: User) -> None:
    item(over(environment, drill=True), -2, owner=ada)
    assert told() == []


def test_of_a_private_incident_only_those_hear_who_may_see_it_and_nothing_of_what_it_is(
    environment: Environment, ada: User, lead: User
) -> None:
    incident = over(environment, private=True, title="Keys were stolen")
    item(incident, -2, owner=ada)
    assert told() == []
    lead.user_permissions.add(Permission.objects.get(codename="see_private_incident"))
    ((name, text),) = told()
    assert name == "lea"
    assert "stolen" not in Page.objects.get().text + text
    assert "disk" not in Page.objects.get().text


def test_it_goes_out_as_news_that_nobody_has_to_acknowledge(environment: Environment, ada: User) -> None:
    item(over(environment), 0.5, owner=ada)
    told()
    assert Page.objects.get().kind == "news"
