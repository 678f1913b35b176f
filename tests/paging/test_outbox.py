"""Pages by mail, through a real server that takes them, refuses, hangs and dies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from incidents.channels import email, hands
from incidents.channels.base import NotSent
from incidents.models import Contact, Incident, Page, PageKind, PageState
from incidents.services import attempts, bundles, failures, lifecycle, outbox, sweep
from smsops.models import Environment
from tests.incidents.servers import mute
from tests.paging.conftest import opened, stepped
from tests.paging.people import DOWN, contact, person, policy
from tests.paging.post import Post
from tests.paging.written import page
from tests.places import wait_for
from tests.smsops.crowd import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def incident(environment: Environment, ada: User) -> Incident:
    """Ada is paged about it by the next sweep."""
    policy({"users": [ada]})
    return opened(environment)


def the_page() -> Page:
    return Page.objects.get(kind="page")


def due_again() -> None:
    Page.objects.filter(state=PageState.PENDING).update(next_at=timezone.now() - timedelta(seconds=1))


def test_a_page_arrives_with_what_is_wrong_and_the_link(incident: Incident, post: Post) -> None:
    assert sweep.sweep() == 1
    assert post.to == [["ada@example.org"]]
    assert post.subjects == [f"[Critical] demo: SMS does not answer (#{incident.pk})"]
    assert "connection refused" in post.bodies[0]
    assert "Acknowledge: https://ops.example/a/" in post.bodies[0]
    assert the_page().state == PageState.SENT


def test_many_who_send_at_once_send_each_page_once(incident: Incident, post: Post) -> None:
    people = [person(f"p{number}") for number in range(20)]
    for each in people:
        page(each, incident)
    together(4, outbox.send_due)
    assert len(post.mails) == 20
    assert set(post.copies.values()) == {1}


def test_a_server_that_refuses_for_now_is_asked_again(incident: Incident, post: Post) -> None:
    post.refuse = "450 mailbox busy"
    sweep.sweep()
    assert (the_page().state, the_page().unsure) == (PageState.PENDING, False)
    assert "450 mailbox busy" in the_page().problem
    post.refuse = ""
    due_again()
    sweep.sweep()
    assert (the_page().state, the_page().attempts, len(post.mails)) == (PageState.SENT, 2, 1)
    assert "450 mailbox busy" in attempts.told(the_page())  # why it took two


def test_a_server_that_refuses_for_ever_is_said_aloud(incident: Incident, post: Post) -> None:
    post.refuse = "550 no such user"
    sweep.sweep()
    assert the_page().state == PageState.FAILED
    assert "ada was not reached by e-mail: The mail server refuses the address (550 no such user)." in [
        entry.text for entry in incident.timeline.filter(kind="page")
    ]


def test_a_message_the_server_refuses_with_an_answer_went_nowhere(incident: Incident, post: Post) -> None:
    post.answer = "451 try later"
    sweep.sweep()
    assert (the_page().state, the_page().unsure) == (PageState.PENDING, False)


def test_a_server_that_dies_instead_of_an_answer_leaves_a_page_unsure_and_the_second_copy_says_so(
    incident: Incident, post: Post
) -> None:
    post.dies = True
    sweep.sweep()
    assert (the_page().state, the_page().unsure) == (PageState.PENDING, True)
    post.dies = False
    due_again()
    sweep.sweep()
    assert list(post.copies.values()) == [2]
    assert bundles.MAYBE_AGAIN in post.bodies[-1]


def test_a_server_that_hangs_costs_a_bounded_time_and_leaves_it_unsure(
    incident: Incident, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "SECONDS", 4.0)
    post.hangs = True
    sweep.sweep()
    assert (the_page().state, the_page().unsure) == (PageState.PENDING, True)
    assert the_page().problem.startswith(f"The mail server 127.0.0.1:{post.port} does not answer. See that it runs")


def test_a_driver_that_never_comes_back_is_given_up(
    incident: Incident, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "SECONDS", 40.0)  # its own timeout does not help
    monkeypatch.setattr(outbox, "Hands", lambda number, find: hands.Hands(number, find, seconds=0.5))
    post.hangs = True
    before = timezone.now()
    sweep.sweep()
    assert timezone.now() - before < timedelta(seconds=10)
    assert (the_page().state, the_page().unsure) == (PageState.PENDING, True)
    assert the_page().problem.startswith(f"The mail server 127.0.0.1:{post.port} took longer than 0 seconds. See that")


def test_a_server_that_says_nothing_from_the_start_was_surely_not_given_it(
    incident: Incident, post: Post, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "SECONDS", 4.0)
    with mute() as server:
        settings.EMAIL_PORT = int(server.url.rpartition(":")[2])
        sweep.sweep()
    assert (the_page().state, the_page().unsure) == (PageState.PENDING, False)


def test_a_server_that_is_away_is_tried_longer_and_longer(incident: Incident, post: Post, settings: Any) -> None:
    settings.EMAIL_PORT = 9
    waits = []
    for _ in range(3):
        before = timezone.now()
        sweep.sweep()
        waits.append((the_page().next_at - before).total_seconds())
        due_again()
    assert waits[0] > 0 and waits == sorted(waits)
    assert waits[1] > 3.1 and waits[2] > 7.6


def test_a_page_is_tried_for_an_hour_before_it_is_given_up(incident: Incident, post: Post, settings: Any) -> None:
    settings.EMAIL_PORT, tries = 9, failures.TRIES[PageKind.PAGE]
    stepped()
    Page.objects.update(attempts=tries - 1)
    outbox.send_due()
    assert the_page().state == PageState.FAILED
    waits = [min(failures.LONGEST, failures.FIRST * failures.FACTOR**number) for number in range(tries)]
    assert sum(waits) > 3600


def test_when_one_way_fails_the_next_is_used_at_once(environment: Environment, ada: User, post: Post) -> None:
    contact(ada, "json://127.0.0.1:9/", way="apprise", label="chat")
    contact(ada, label="mail", after_minutes=30)
    policy({"users": [ada]})
    opened(environment)  # private networks are refused, for ever
    sweep.sweep()
    sweep.sweep()
    assert post.to == [["ada-phone@example.org"]]


def test_one_page_that_breaks_its_driver_costs_the_others_nothing(
    incident: Incident, bo: User, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = email.Email.send

    def strange(self: email.Email, address: str, message: Any) -> None:
        if address.startswith("bo"):
            raise RuntimeError("secret-token-of-a-driver")
        real(self, address, message)

    monkeypatch.setattr(email.Email, "send", strange)
    broken = page(bo, incident)
    assert sweep.sweep() == 1
    broken.refresh_from_db()
    assert broken.problem == "It could not be sent (RuntimeError)."


def test_who_acknowledges_between_writing_and_sending_gets_no_page(incident: Incident, ada: User, post: Post) -> None:
    stepped()
    lifecycle.acknowledge(incident, ada)
    assert outbox.send_due() == 0
    assert the_page().state == PageState.CANCELLED


def test_what_is_resolved_while_others_are_sent_is_not_sent_any_more(
    incident: Incident, bo: User, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "HANDS", 1)
    first, second = page(bo, incident, 1), page(person("cleo"), incident, 2)
    real = email.Email.send

    def resolving(self: email.Email, address: str, message: Any) -> None:
        real(self, address, message)
        if address.startswith("bo"):
            together(1, lambda: lifecycle.resolve(Incident.objects.get(), "Done."))

    monkeypatch.setattr(email.Email, "send", resolving)
    outbox.send_due()
    states = {each.pk: each.state for each in Page.objects.all()}
    assert (states[first.pk], states[second.pk]) == (PageState.SENT, PageState.CANCELLED)
    assert not [body for body in post.bodies if "Trouble 2" in body]


def test_what_failed_is_not_tried_again_once_somebody_has_it(incident: Incident, ada: User, post: Post) -> None:
    post.refuse = "450 busy"
    stepped()
    page_before = the_page()
    Page.objects.update(state=PageState.SENDING, holder="somewhere|ns|1|1|x", claimed_at=timezone.now())
    lifecycle.acknowledge(incident, ada)
    failures.note(page_before, NotSent("later", transient=True), "somewhere|ns|1|1|x")
    assert the_page().state == PageState.CANCELLED


def test_what_a_dead_sender_had_begun_is_sent_again_and_marked(incident: Incident, post: Post) -> None:
    stepped()
    Page.objects.update(
        state=PageState.SENDING, holder="elsewhere|ns|1|1|x", claimed_at=timezone.now() - outbox.ABANDONED * 2
    )
    sweep.sweep()
    assert (the_page().state, the_page().unsure) == (PageState.SENT, True)
    assert bundles.MAYBE_AGAIN in post.bodies[0]


def test_what_another_sender_is_busy_with_is_left_alone(incident: Incident, post: Post) -> None:
    stepped()
    Page.objects.update(state=PageState.SENDING, holder="elsewhere|ns|1|1|x", claimed_at=timezone.now())
    assert outbox.send_due() == 0
    assert the_page().state == PageState.SENDING


def test_a_hand_that_hangs_does_not_keep_the_sender_from_what_becomes_due(
    incident: Incident, bo: User, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, cleo = email.Email.send, person("cleo")

    def slowly(self: email.Email, address: str, message: Any) -> None:
        if address.startswith("bo"):
            together(1, lambda: page(cleo, incident))
            wait_for(lambda: ["cleo@example.org"] in post.to, "the later page")
        real(self, address, message)

    monkeypatch.setattr(email.Email, "send", slowly)
    page(bo, incident)
    assert outbox.send_due() == 2
    assert post.to == [["cleo@example.org"], ["bo@example.org"]]


def test_a_contact_that_was_switched_off_and_a_person_who_left_get_nothing(
    incident: Incident, bo: User, post: Post
) -> None:
    page(bo, incident, 1, contact=contact(bo))
    page(person("gone", is_active=False), incident, 2)
    Contact.objects.update(enabled=False)
    outbox.send_due()
    assert set(Page.objects.values_list("state", flat=True)) == {PageState.CANCELLED}


def test_one_connection_carries_many_mails(incident: Incident, post: Post) -> None:
    for number in range(40):
        page(person(f"p{number}"), incident, number)
    outbox.send_due()
    assert len(post.mails) == 40
    assert post.connections <= outbox.HANDS


def test_a_poisoned_escalation_costs_the_others_nothing(
    incident: Incident, environment: Environment, post: Post
) -> None:
    type(incident.escalations.get()).objects.update(policy={"no": "levels"})
    opened(environment, DOWN.__class__("other", DOWN.severity, "Another", "more"))
    assert sweep.sweep() == 1
    assert "Another" in post.subjects[0]
