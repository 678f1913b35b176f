"""The pages for programs: one's own tokens, webhooks and what they were told, and the API to be read."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from smsops.api import tokens
from smsops.models import ApiToken, Webhook, WebhookDelivery
from tests.admin.browser import Browser, Page, change_page, door
from tests.api.programs import OPERATIONS
from tests.factories import (
    CANARY,
    make_admin,
    make_delivery,
    make_environment,
    make_token,
    make_user,
    make_viewer,
    make_webhook,
)

pytestmark = pytest.mark.django_db
MINE = "admin:smsops_my_tokens"
HOOK = {"name": "Room", "url": f"https://ops.example/{CANARY}", "active": "on"}


def made(user: User, **fields: Any) -> Page:
    form = {"name": "CI", "scopes": ["read"], "days": "30", **fields}
    return Browser(user).post(reverse(MINE), **form)


def test_everybody_makes_a_token_of_their_own_which_is_shown_once() -> None:
    user = make_user()
    page = made(user)
    text = page.one("pre").text
    token = tokens.find(text)
    assert token is not None and token.owner == user
    assert "no-store" in page.response.headers["Cache-Control"]
    assert text not in Browser(user).get(reverse(MINE)).html


@pytest.mark.parametrize(
    ("field", "value", "label"),
    [
        ("name", "", "Name"),
        ("scopes", [], "For"),
        ("days", "367", "For so many days"),
        ("days", "x", "For so many days"),
    ],
)
def test_a_mistake_is_said_beside_its_field(field: str, value: Any, label: str) -> None:
    page = made(make_user(), **{field: value})
    assert [each for each in page.all("div", "errors") if label in each.text]
    assert not ApiToken.objects.exists()


def test_one_revokes_ones_own_and_nobody_elses() -> None:
    user = make_user()
    own, other = make_token(user), make_token()
    assert Browser(user).post(reverse(MINE), revoke=str(own.pk)).status == 302
    assert Browser(user).post(reverse(MINE), revoke=str(other.pk)).status == 403
    assert Browser(user).post(reverse(MINE), revoke="x").status == 403
    assert [bool(each.revoked_at) for each in ApiToken.objects.order_by("pk")] == [True, False]


def test_others_tokens_are_not_among_ones_own() -> None:
    other = make_token(name="of somebody else")
    assert other.name not in Browser(make_user()).get(reverse(MINE)).html


def test_environments_are_offered_only_to_who_may_see_them() -> None:
    environment = make_environment(title="The school")
    assert "The school" in Browser(make_viewer()).get(reverse(MINE)).html
    page = made(make_user(), environments=[str(environment.pk)])
    assert "The school" not in page.html
    assert not ApiToken.objects.exists()


def test_a_token_that_a_lead_revokes_says_who_did() -> None:
    token, lead = make_token(), make_admin()
    Browser(lead).post(door(token, "revoke"), reason="seen in a log")
    token.refresh_from_db()
    assert token.revoked_by == lead.username


def test_the_page_shows_every_operation_with_what_it_needs() -> None:
    page = Browser(make_user()).get(reverse("admin:smsops_api"))
    assert len([each for each in page.all("details") if "drop" not in each.attributes.get("class", "")]) == len(
        OPERATIONS
    )
    assert "smsops.restore_environment" in page.text


def test_a_new_webhooks_secret_is_shown_once_and_its_address_never() -> None:
    browser = Browser(make_admin())
    page = browser.post(reverse("admin:smsops_webhook_add"), **HOOK)
    hook = Webhook.objects.get()
    assert page.one("pre").text == hook.secret
    shown = browser.get(change_page(hook)).html
    assert hook.secret not in shown
    assert CANARY not in shown
    assert "ops.example" in shown


@pytest.mark.parametrize("url", ["http://ops.example/", "https://127.0.0.1/", "https://u:p@ops.example/", "nonsense"])
def test_an_address_that_may_not_be_is_refused_beside_its_field(url: str) -> None:
    page = Browser(make_admin()).post(reverse("admin:smsops_webhook_add"), **{**HOOK, "url": url})
    assert page.status == 200
    assert page.all("ul", "errorlist")
    assert not Webhook.objects.exists()


def test_an_empty_address_keeps_the_stored_one() -> None:
    hook = make_webhook()
    Browser(make_admin()).post(change_page(hook), **{**HOOK, "url": "", "name": "Another"})
    hook.refresh_from_db()
    assert (hook.name, CANARY in hook.url) == ("Another", True)


def test_a_viewer_sees_of_the_address_only_the_host() -> None:
    hook = make_webhook()
    page = Browser(make_viewer()).get(change_page(hook))
    assert (page.status, CANARY in page.html, "ops.example" in page.html) == (200, False, True)


def test_one_that_was_switched_off_is_on_every_page_until_somebody_switches_it_on() -> None:
    hook = make_webhook(active=False, switched_off="Nothing arrived for 3 days.")
    browser = Browser(make_admin())
    assert hook.name in browser.get(reverse(MINE)).one("p", "alarm-house").text
    browser.post(change_page(hook), **{**HOOK, "url": "", "name": hook.name})
    assert not browser.get(reverse(MINE)).all("p", "alarm-house")
    hook.refresh_from_db()
    assert (hook.active, hook.switched_off) == (True, "")


def test_a_message_does_not_show_what_it_says() -> None:
    delivery = make_delivery(body='{"title": "of a person"}')
    assert "of a person" not in Browser(make_admin()).get(change_page(delivery)).html


def test_a_test_is_written_and_one_that_is_off_gets_none() -> None:
    on, off = make_webhook(), make_webhook(active=False)
    for hook in (on, off):
        Browser(make_admin()).post(door(hook, "test"), reason="")
    assert [each.webhook for each in WebhookDelivery.objects.filter(event="test")] == [on]
