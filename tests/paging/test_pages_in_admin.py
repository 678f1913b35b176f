"""Paging in the admin: policies, rotas, contacts, channels, pages; and who may do what with them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from incidents.models import Channel, Contact, EscalationPolicy, Incident, Page, Rota, RotaMember
from smsops.models import Environment
from tests.admin.browser import Browser, changelist, door, everything
from tests.admin.browser import Page as Answer
from tests.factories import make_admin, make_user
from tests.paging.conftest import opened, stepped
from tests.paging.people import contact, person, policy

pytestmark = pytest.mark.django_db
CANARY = "canary-4711@example.org"


def at(minute: int) -> datetime:
    return datetime(2026, 3, 1, 12, minute, tzinfo=UTC)


def change(row: Any) -> str:
    return reverse(f"admin:incidents_{row._meta.model_name}_change", args=[row.pk])


def responder(**fields: Any) -> User:
    words = [f"incidents.{verb}_contact" for verb in ("view", "add", "change", "delete")]
    return make_user(*words, **fields)


def contact_form(**fields: Any) -> dict[str, Any]:
    return {
        "way": "email",
        "address": CANARY,
        "label": "mail",
        "after_minutes": "0",
        "least": "low",
        "enabled": "on",
        **fields,
    }


def sent(browser: Browser, where: str, form: dict[str, Any]) -> Answer:
    return Answer(browser.client.post(where, form))


def test_somebody_makes_and_changes_a_way_to_themselves_and_the_address_is_never_shown() -> None:
    browser = Browser(responder())
    assert sent(browser, reverse("admin:incidents_contact_add"), contact_form()).status == 302
    made = Contact.objects.get()
    assert (made.user, made.address) == (browser.user, CANARY)
    assert sent(browser, change(made), contact_form(address="", label="home")).status == 302
    made.refresh_from_db()
    assert (made.label, made.address) == ("home", CANARY)
    for where in (change(made), changelist(Contact)):
        assert CANARY not in browser.get(where).html


@pytest.mark.parametrize(
    ("way", "address", "said"),
    [
        ("email", "nobody", "This is no e-mail address."),
        ("email", "", "Give an address."),
        ("apprise", "nonsense", "This is no address of a service"),
        ("apprise", f"json://{CANARY.partition('@')[0]}:pw@127.0.0.1/", "is in a private network"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_and_not_repeated(way: str, address: str, said: str) -> None:
    page = sent(Browser(responder()), reverse("admin:incidents_contact_add"), contact_form(way=way, address=address))
    assert said in page.text
    assert "canary" not in page.html
    assert not Contact.objects.exists()


@pytest.mark.parametrize("act", ["change", "delete", "test", "bulk"])
def test_nobody_touches_another_persons_way(ada: User, act: str) -> None:
    theirs, browser = contact(ada, CANARY), Browser(responder())
    before = everything()
    if act == "bulk":
        browser.post(
            changelist(Contact), action="delete_selected", _selected_action=str(theirs.pk), index="0", post="yes"
        )
    elif act == "test":
        assert browser.post(door(theirs, "test"), reason="").status in (200, 409)
    else:
        where = reverse(f"admin:incidents_contact_{act}", args=[theirs.pk])
        assert sent(browser, where, contact_form(user=str(ada.pk), post="yes")).status == 403
    assert everything() == before
    assert CANARY not in browser.get(change(theirs)).html


def test_nobody_makes_a_way_for_another_person(ada: User) -> None:
    browser = Browser(responder())
    sent(browser, reverse("admin:incidents_contact_add"), contact_form(user=str(ada.pk)))
    assert Contact.objects.get().user == browser.user


def test_an_address_cannot_be_guessed_by_filtering(ada: User) -> None:
    contact(ada, CANARY)
    page = Browser(make_admin()).get(f"{changelist(Contact)}?address__startswith=c")
    assert page.status == 400 or "1 contact" not in page.text


def test_a_test_message_is_written_and_looking_writes_none() -> None:
    user = responder()
    own = contact(user, CANARY)
    browser = Browser(user)
    assert browser.get(door(own, "test")).status == 200
    assert not Page.objects.exists()
    assert browser.post(door(own, "test"), reason="").status == 302
    page = Page.objects.get()
    assert (page.kind, page.contact, page.state) == ("test", own, "pending")


def test_a_channel_is_tested_by_who_may_change_it() -> None:
    room = Channel.objects.create(name="room", address="json://ops.example/")
    assert Browser(make_user("incidents.view_channel")).post(door(room, "test"), reason="").status == 403
    assert (
        Browser(make_user("incidents.view_channel", "incidents.change_channel"))
        .post(door(room, "test"), reason="")
        .status
        == 302
    )


def test_a_policy_shows_what_it_would_do_now(ada: User) -> None:
    made = policy({"users": [ada]})
    page = Browser(make_user("incidents.view_escalationpolicy", "incidents.view_policylevel")).get(change(made))
    assert "ada by e-mail" in page.text
    assert "ada again" in page.text


def test_a_policy_and_its_levels_are_made_on_one_page(ada: User) -> None:
    level = {"position": "1", "after_minutes": "0", "condition": "", "users": str(ada.pk), "id": "", "policy": ""}
    form = {
        "name": "Ours",
        "enabled": "on",
        "least": "medium",
        "nag_minutes": "5",
        "rounds": "3",
        "acknowledged_minutes": "60",
    }
    many = {
        "levels-TOTAL_FORMS": "1",
        "levels-INITIAL_FORMS": "0",
        **{f"levels-0-{key}": value for key, value in level.items()},
    }
    page = Browser(make_admin()).post(reverse("admin:incidents_escalationpolicy_add"), **form, **many)
    assert page.status == 302, page.text
    made = EscalationPolicy.objects.get(name="Ours")
    assert [str(user) for user in made.levels.get().users.all()] == ["ada"]


def test_a_second_policy_for_the_same_is_refused_in_a_sentence(ada: User) -> None:
    policy({"users": [ada]})
    form = {
        "name": "Second",
        "enabled": "on",
        "least": "medium",
        "nag_minutes": "5",
        "rounds": "3",
        "acknowledged_minutes": "60",
    }
    page = Browser(make_admin()).post(
        reverse("admin:incidents_escalationpolicy_add"),
        **form,
        **{"levels-TOTAL_FORMS": "0", "levels-INITIAL_FORMS": "0"},
    )
    assert page.status == 200
    assert "“Everything” is for the same incidents; switch one of the two off." in page.text
    assert "violated" not in page.text


def test_a_rota_shows_the_next_fourteen_days(ada: User, bo: User) -> None:
    rota = Rota.objects.create(name="On-call", every_days=7)
    for position, user in enumerate((ada, bo)):
        RotaMember.objects.create(rota=rota, user=user, position=position)
    page = Browser(make_user("incidents.view_rota")).get(change(rota))
    assert "The next 14 days" in page.text
    assert {"ada", "bo"} <= {each.text for each in page.all("strong")}


TRIED = {"attempts": 3, "claimed_at": at(1), "next_at": at(2), "problem": f"Refused: password={CANARY}"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"next_at": at(2)}, "It was not tried yet; the first try is at 2026-03-01 12:02:00 UTC."),
        (
            {**TRIED},
            "It has not arrived yet: 3 tries, the last at 2026-03-01 12:01:00 UTC; the next at 2026-03-01 12:02:00 UTC",
        ),
        ({**TRIED, "state": "sending"}, "It is on its way: 3 tries, the last at 2026-03-01 12:01:00 UTC."),
        ({**TRIED, "state": "sent", "sent_at": at(1)}, "It was taken over at 2026-03-01 12:01:00 UTC, after 3 tries"),
        (
            {**TRIED, "state": "failed"},
            "It was not delivered: 3 tries, the last at 2026-03-01 12:01:00 UTC. It is not tried",
        ),
        ({**TRIED, "state": "cancelled"}, "It is not needed any more: 3 tries, the last at 2026-03-01 12:01:00 UTC."),
        ({**TRIED, "unsure": True}, "It may have arrived nevertheless: a sender was cut off while it was on its way."),
    ],
)
def test_the_page_of_a_message_says_whether_it_arrived(ada: User, fields: dict[str, Any], said: str) -> None:
    page = Page.objects.create(user=ada, key="x", text="It is down.", **fields)
    shown = Browser(make_user("incidents.view_page")).get(change(page))
    assert said in shown.text
    assert ("The last error: Refused: password=" in shown.text) == bool(page.problem)
    assert CANARY not in shown.html


def test_who_may_not_see_messages_does_not_see_what_became_of_them(ada: User) -> None:
    page = Page.objects.create(user=ada, key="x", text="It is down.", **TRIED)
    assert Browser(make_user("incidents.view_incident")).get(change(page)).status == 403


@pytest.fixture
def incident(environment: Environment, ada: User) -> Incident:
    policy({"users": [ada]})
    incident = opened(environment)
    stepped()
    return incident


def test_the_page_of_an_incident_says_who_was_paged(incident: Incident) -> None:
    see = ("incidents.view_incident", "incidents.view_page", "smsops.view_environment")
    assert "Who was paged" in Browser(make_user(*see)).get(incident.get_absolute_url()).text
    assert "Who was paged" not in Browser(make_user(*see[:1])).get(incident.get_absolute_url()).text


def test_pages_about_a_private_incident_are_seen_by_few(incident: Incident) -> None:
    Incident.objects.update(private=True)
    page = Page.objects.get(kind="page")
    outside = Browser(make_user("incidents.view_page"))
    inside = Browser(make_user("incidents.view_page", "incidents.see_private_incident"))
    assert "SMS does not answer" not in outside.get(changelist(Page)).html
    assert outside.get(change(page)).status in (302, 404)
    assert inside.get(change(page)).status == 200


def test_an_incident_with_many_pages_costs_as_many_queries_as_with_one(incident: Incident) -> None:
    browser = Browser(make_admin())
    browser.get(incident.get_absolute_url())
    with CaptureQueriesContext(connection) as one:
        browser.get(incident.get_absolute_url())
    for number in range(20):
        user = person(f"p{number}")
        Page.objects.create(user=user, incident=incident, contact=contact(user), text="x", key=f"k{number}")
    with CaptureQueriesContext(connection) as many:
        browser.get(incident.get_absolute_url())
    assert len(many) == len(one)


@pytest.mark.parametrize("what", [{"state": "pending"}, {"kind": "page"}, {"unsure": "0"}, {}])
def test_pages_are_filtered(incident: Incident, what: dict[str, str]) -> None:
    asked = {f"{name}__exact": value for name, value in what.items()}
    assert "ada" in Browser(make_admin()).get(changelist(Page), **asked).text
