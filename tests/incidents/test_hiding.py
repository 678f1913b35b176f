"""Making an incident private reaches what is under way: messages that are being sent, acts that waited for it."""

from __future__ import annotations

import pytest

from incidents.models import Channel, Incident, Page, PageState
from incidents.services import evidence_runs, hiding, lifecycle, pages
from tests.factories import make_admin, make_incident, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident() -> Incident:
    return make_incident(title="The keys were stolen", issue="security")


def being_sent(incident: Incident, **to: object) -> Page:
    return Page.objects.create(
        incident=incident, state=PageState.SENDING, holder="worker", text="The keys were stolen", key="x", **to
    )


def test_a_message_that_is_being_sent_goes_to_a_person_again_without_its_title(incident: Incident) -> None:
    page = being_sent(incident, user=make_user())
    hiding.hide(incident, make_admin(), "A crime.")
    assert pages.put_back(page, "worker")
    page.refresh_from_db()
    assert (page.state, "stolen" in page.text) == (PageState.PENDING, False)


def test_a_message_that_is_being_sent_goes_to_no_channel_again(incident: Incident) -> None:
    page = being_sent(incident, channel=Channel.objects.create(name="room", address="json://ops.example/"))
    hiding.hide(incident, make_admin(), "A crime.")
    pages.put_back(page, "worker")
    page.refresh_from_db()
    assert page.state == PageState.CANCELLED


def test_a_move_that_waited_tells_no_channel_what_has_become_private(incident: Incident) -> None:
    Channel.objects.create(name="room", address="json://ops.example/")
    seen_before = Incident.objects.get(pk=incident.pk)
    hiding.hide(incident, make_admin(), "A crime.")
    lifecycle.acknowledge(seen_before, make_user(), "The keys were stolen.")
    assert not Page.objects.filter(channel__isnull=False, state=PageState.PENDING).exists()
    assert seen_before.private


def test_everybody_reads_of_a_private_incident_not_even_the_number(incident: Incident) -> None:
    assert evidence_runs.named(incident) == f"incident {incident.pk}"
    incident.private = True
    assert evidence_runs.named(incident) == "an incident"
