"""Somebody is paged for what is wrong with smsops itself, again while it lasts, and told when it is over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User

from incidents import tasks
from incidents.models import Channel, Page, PageState
from incidents.services import bundles, own_troubles
from smsops import roles
from tests.audit.broken import SENTENCE, break_chain, mend_chain
from tests.paging.people import person

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def lead(db: None) -> User:
    """An ops lead who can be reached."""
    made, (group, _) = person("ada"), Group.objects.get_or_create(name=roles.LEAD)
    group.permissions.add(Permission.objects.get(codename="view_auditentry"))
    made.groups.add(group)
    return made


def pages() -> list[Page]:
    return list(Page.objects.order_by("pk"))


def days_pass(number: int) -> None:
    """As if what was said had been said so long ago."""
    for page in pages():
        page.due_at -= number * DAY
        stamp = page.key.split(".")
        page.key = ".".join([*stamp[:2], f"{page.due_at:%y%m%d%H%M}", *stamp[3:]])
        page.save()


def said(found: Iterable[Page]) -> list[str]:
    return [page.text for page in found]


def test_an_ops_lead_is_paged_once_with_where_to_look(lead: User, settings: Any) -> None:
    settings.SMSOPS_PUBLIC_URL = "https://ops.school.example"
    break_chain()
    tasks.look_at_own_troubles()
    tasks.look_at_own_troubles()
    (page,) = pages()
    assert (page.user, page.kind, page.state) == (lead, "page", PageState.PENDING)
    assert page.text == f"[High] smsops: {SENTENCE}\nhttps://ops.school.example/smsops/auditentry/"
    assert bundles.message([page]).subject == f"[High] smsops: {SENTENCE}"


def test_while_nothing_is_wrong_nobody_is_paged(lead: User) -> None:
    assert own_troubles.look() == 0
    assert pages() == []


def test_it_is_told_again_after_a_day_and_then_less_often(lead: User) -> None:
    break_chain()
    sent = []
    for _ in range(4):
        sent.append(own_troubles.look())
        days_pass(1)
    assert sent == [1, 1, 0, 1]  # at once, after one day, after two more


def test_whoever_was_told_learns_that_it_is_over(lead: User) -> None:
    break_chain()
    own_troubles.look()
    Page.objects.update(state=PageState.SENT)
    days_pass(1)
    mend_chain()
    assert (own_troubles.look(), own_troubles.look()) == (1, 0)
    assert said(pages())[1:] == ["smsops: Audit trail: all is well again."]
    assert pages()[1].user == lead


def test_what_was_not_sent_yet_is_not_needed_any_more(lead: User) -> None:
    break_chain()
    own_troubles.look()
    days_pass(1)
    mend_chain()
    own_troubles.look()
    assert pages()[0].state == PageState.CANCELLED


def test_when_it_comes_back_it_is_told_at_once(lead: User) -> None:
    break_chain()
    own_troubles.look()
    days_pass(1)
    mend_chain()
    own_troubles.look()
    days_pass(1)
    break_chain()
    assert own_troubles.look() == 1


def test_without_an_ops_lead_superusers_are_told() -> None:
    root = person("root", is_superuser=True)
    person("nobody in particular")
    break_chain()
    own_troubles.look()
    assert [page.user for page in pages()] == [root]


def test_where_nobody_can_be_reached_the_channels_of_all_environments_are_told() -> None:
    room = Channel.objects.create(name="room", address="json://ops.example/")
    break_chain()
    own_troubles.look()
    assert [page.channel for page in pages()] == [room]
