"""Many pages to one person at one time go out as one message."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from incidents.models import Incident, Page, PageState
from incidents.services import bundles, outbox
from smsops.models import Environment
from tests.paging.conftest import opened
from tests.paging.people import person, policy
from tests.paging.post import Post
from tests.paging.written import page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def incident(environment: Environment, ada: User) -> Incident:
    """Ada is paged about it by the next sweep."""
    policy({"users": [ada]})
    return opened(environment)


def test_in_a_storm_one_message_carries_all_pages_of_a_person(incident: Incident, bo: User, post: Post) -> None:
    for number in range(30):
        page(bo, incident, number)
    outbox.send_due()
    (body,) = [body for body in post.bodies if "Trouble" in body]
    assert post.subjects[0] == "30 messages: Trouble 0"
    assert "… and 10 more" in body
    assert body.count("Acknowledge: ") == 20
    assert Page.objects.filter(user=bo, state=PageState.SENT).values("bundle").distinct().count() == 1


def test_a_few_pages_go_one_by_one(incident: Incident, bo: User, post: Post) -> None:
    for number in range(3):
        page(bo, incident, number)
    outbox.send_due()
    assert len(post.mails) == 3


def test_who_has_just_had_a_few_gets_what_comes_within_seconds_in_one_and_nobody_else_waits(
    incident: Incident, bo: User, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles, "LATELY", timedelta(minutes=5))
    for number in range(bundles.ALONE):
        page(bo, incident, number)
    outbox.send_due()
    for number in range(10, 15):
        page(bo, incident, number)
    page(person("cleo"), incident)
    assert outbox.send_due() == 1
    Page.objects.filter(state=PageState.SENT).update(sent_at=timezone.now() - bundles.LATELY)
    assert outbox.send_due() == 5
    assert (post.to[-1], post.subjects[-1]) == (["bo@example.org"], "5 messages: Trouble 10")


def test_who_must_act_is_told_before_who_only_hears(
    incident: Incident, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "HANDS", 1)
    for number in range(3):
        page(person(f"p{number}"), incident, number, kind="news")
    page(person("last"), incident, 9)
    outbox.send_due()
    assert post.to[0] == ["last@example.org"]
