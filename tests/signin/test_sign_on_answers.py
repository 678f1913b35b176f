"""Single sign-on against a real provider: which answers are not believed, and what is said then."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.core.checks import run_checks
from django.urls import reverse
from pytest_django import Settings

from smsops.models import Identity
from tests.admin.browser import Browser
from tests.factories import make_user
from tests.signin.phone import password, signed_in
from tests.signin.provider import CLIENT, Provider
from tests.signin.sign_on import BEGIN, CALLBACK, LOGIN, back, refused, sent, through

pytestmark = pytest.mark.django_db


@pytest.fixture
def maria(op: Provider) -> User:
    """Somebody who is known here by their address."""
    return make_user(username="maria", email="Maria@school.example", is_superuser=True)


def test_people_are_sent_with_state_nonce_and_a_challenge(op: Provider) -> None:
    sent(Browser())
    (asked,) = op.asked
    assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT, "S256")
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) > 30
    assert "openid" in asked["scope"]
    assert asked["redirect_uri"].endswith(reverse(CALLBACK))


@pytest.mark.parametrize(
    "lies",
    [
        {"iss": "https://elsewhere.example"}, {"iss": None}, {"aud": "another-client"}, {"aud": None},
        {"aud": [CLIENT, "another"], "azp": "another"}, {"exp": 1_700_000_000}, {"exp": None}, {"nonce": "another"},
        {"nonce": None}, {"sub": None}, {"iat": None}, {"sub": "43"}, {"nbf": 4_000_000_000},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_that_lies_lets_nobody_in(op: Provider, maria: User, lies: dict[str, Any]) -> None:
    op.lies = lies
    assert refused(Browser())
    assert not Identity.objects.exists()


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_is_not_signed_as_it_must_be_lets_nobody_in(op: Provider, maria: User, algorithm: str) -> None:
    op.algorithm = algorithm
    assert refused(Browser())


def test_a_token_of_another_key_lets_nobody_in(op: Provider, maria: User) -> None:
    op.signed_by = op.foreign
    assert refused(Browser())


@pytest.mark.parametrize("told", [{"email_verified": False}, {"email_verified": None}, {"email": ""}, {"sub": "43"}])
def test_an_account_whose_address_is_not_proven_lets_nobody_in(op: Provider, maria: User, told: dict[str, Any]) -> None:
    op.told = told
    assert refused(Browser())


def test_the_answer_to_somebody_elses_question_is_refused(op: Provider, maria: User) -> None:
    address = sent(Browser())
    assert back(Browser(), address).address == reverse(LOGIN)
    other = Browser()
    sent(other)
    assert back(other, address).address == reverse(LOGIN)
    assert not signed_in(other)


def test_an_answer_works_once(op: Provider, maria: User) -> None:
    browser = Browser()
    address = sent(browser)
    back(browser, address)
    browser.post(reverse("admin:logout"))
    back(browser, address)
    assert not signed_in(browser)


def test_without_what_the_challenge_was_made_of_there_is_no_token(op: Provider, maria: User) -> None:
    browser = Browser()
    address = sent(browser)
    session = browser.client.session
    for each in session["oidc_states"].values():
        each["code_verifier"] = "x" * 64
    session.save()
    assert back(browser, address).address == reverse(LOGIN)
    assert not signed_in(browser)


def test_a_refusal_by_the_provider_puts_nobody_out(op: Provider, maria: User) -> None:
    browser = Browser()
    through(browser)
    assert browser.get(reverse(CALLBACK), error="access_denied", state="x").address == reverse(LOGIN)
    assert signed_in(browser)


def test_a_refusal_is_told_as_a_failed_sign_in_and_locks_nobody_out(op: Provider, maria: User) -> None:
    op.lies = {"aud": "another"}
    heard: list[object] = []
    listen = lambda **news: heard.append(news["credentials"])  # noqa: E731
    user_login_failed.connect(listen)
    for _ in range(6):
        through(Browser())
    user_login_failed.disconnect(listen)
    assert len(heard) == 6
    assert password(Browser(), maria).status == 302


def test_a_provider_that_is_away_is_said(op: Provider, settings: Settings) -> None:
    settings.SMSOPS_OIDC_ISSUER = "http://127.0.0.1:9"
    browser = Browser()
    assert browser.get(reverse(BEGIN)).address == reverse(LOGIN)
    assert "The single sign-on does not answer." in browser.get(reverse(LOGIN)).text


def test_a_provider_that_says_it_is_another_is_not_believed(op: Provider, settings: Settings) -> None:
    settings.SMSOPS_OIDC_ISSUER = f"{op.issuer}/"
    browser = Browser()
    browser.get(reverse(BEGIN))
    assert "is another one than" in browser.get(reverse(LOGIN)).text


@pytest.mark.parametrize("issuer", ["http://id.school.example", "ftp://127.0.0.1", "id.school.example"])
def test_only_https_is_trusted(settings: Settings, issuer: str) -> None:
    settings.SMSOPS_OIDC_ISSUER = issuer
    found = {each.id for each in run_checks(include_deployment_checks=True)}
    assert "smsops.E004" in found
    browser = Browser()
    browser.get(reverse(BEGIN))
    assert "must be reached by HTTPS" in browser.get(reverse(LOGIN)).text
