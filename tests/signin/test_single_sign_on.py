"""Single sign-on against a real provider: who gets in, with which roles, and which answers are not believed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_login_failed
from django.core.checks import run_checks
from django.urls import reverse
from pytest_django import Settings

from smsops.models import Identity, Run
from tests.admin.browser import Browser, Page
from tests.admin.doors import DOORS, REASON
from tests.admin.scenes import a_school
from tests.factories import make_user
from tests.signin.phone import given, password, pressed_in, signed_in
from tests.signin.provider import CLIENT, SECRET, Provider

pytestmark = pytest.mark.django_db
BEGIN, CALLBACK, LOGIN = "admin:oidc_begin", "admin:oidc_callback", "admin:login"
RESTORE = DOORS["restore the latest"]


@pytest.fixture
def op(settings: Settings) -> Iterator[Provider]:
    """A provider that smsops is told of."""
    found = Provider()
    settings.SMSOPS_OIDC_ISSUER = found.issuer
    settings.SMSOPS_OIDC_CLIENT_ID, settings.SMSOPS_OIDC_CLIENT_SECRET = CLIENT, SECRET
    settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET = CLIENT, SECRET
    settings.SMSOPS_OIDC_NAME = "School ID"
    settings.SMSOPS_OIDC_ROLES = {"ops": "Our operators", "leads": "Our leads"}
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, "smsops.signin.oidc.Backend"]
    for name in ("Our operators", "Our leads", "By hand"):
        Group.objects.create(name=name)
    yield found
    found.close()


@pytest.fixture
def maria(op: Provider) -> User:
    """Somebody who is known here by their address."""
    return make_user(username="maria", email="Maria@school.example", is_superuser=True)


def sent(browser: Browser, **asked: str) -> str:
    """Press the button, and go to the provider: the address it sends back to."""
    away = browser.get(reverse(BEGIN), **asked).address
    return requests.get(away, allow_redirects=False, timeout=10).headers["Location"]


def back(browser: Browser, address: str) -> Page:
    """Come back with what the provider gave."""
    url = urlsplit(address)
    return Page(browser.client.get(f"{url.path}?{url.query}"))


def through(browser: Browser, **asked: str) -> Page:
    return back(browser, sent(browser, **asked))


def refused(browser: Browser) -> bool:
    """Whether the way through ended at the sign-in page, with nobody signed in."""
    page = through(browser)
    said = browser.get(reverse(LOGIN)).text
    return page.address == reverse(LOGIN) and "That did not work." in said and not signed_in(browser)


def test_somebody_with_the_same_address_gets_in_where_they_wanted_to(op: Provider, maria: User) -> None:
    browser = Browser()
    assert through(browser, next="/smsops/run/").address == "/smsops/run/"
    assert signed_in(browser)
    assert maria.sign_ins.get().get_how_display() == "Single sign-on"
    assert Identity.objects.get().subject == "42"


def test_the_button_is_on_the_page_only_where_there_is_a_provider(op: Provider, settings: Settings) -> None:
    page = Browser().get(reverse(LOGIN), next="/smsops/run/")
    assert "Sign in with School ID" in page.text
    assert f"{reverse(BEGIN)}?next=%2Fsmsops%2Frun%2F" in page.links
    settings.SMSOPS_OIDC_ISSUER = ""
    assert "School ID" not in Browser().get(reverse(LOGIN)).text


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


def test_two_people_with_one_address_are_not_guessed_between(op: Provider, maria: User) -> None:
    make_user(email="maria@school.example")
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


def test_who_was_linked_stays_linked_whatever_their_address_becomes(op: Provider, maria: User) -> None:
    through(Browser())
    op.account["email"] = "m.garcia@school.example"
    browser = Browser()
    through(browser)
    assert signed_in(browser)
    assert User.objects.count() == 1


def test_the_address_of_somebody_who_was_linked_is_no_way_in_for_another_account(op: Provider, maria: User) -> None:
    through(Browser())
    op.account["sub"] = "666"
    through(browser := Browser())
    assert not signed_in(browser)
    assert maria.identities.get().subject == "42"


def test_somebody_new_without_a_role_is_told_so_and_gets_nowhere(op: Provider) -> None:
    browser = Browser()
    through(browser)
    assert "nobody has given you a role yet" in browser.get(reverse(LOGIN)).text
    found = User.objects.get()
    assert (found.username, found.is_staff, found.is_superuser, found.groups.count()) == ("maria", False, False, 0)
    assert not found.has_usable_password()


def test_somebody_new_with_a_mapped_group_gets_its_role_and_no_other(op: Provider) -> None:
    op.account["groups"] = ["ops", "teachers", 7]
    browser = Browser()
    through(browser)
    assert signed_in(browser)
    assert [each.name for each in User.objects.get().groups.all()] == ["Our operators"]


def test_a_role_that_was_taken_there_is_taken_here_and_those_by_hand_stay(op: Provider, maria: User) -> None:
    maria.groups.set(Group.objects.filter(name__in=["Our leads", "By hand"]))
    op.account["groups"] = "ops"
    through(Browser())
    assert {each.name for each in maria.groups.all()} == {"Our operators", "By hand"}


def test_a_name_that_is_taken_is_not_taken_over(op: Provider) -> None:
    other = make_user(username="maria", is_superuser=True)
    op.account["groups"] = ["ops"]
    through(Browser())
    assert User.objects.exclude(pk=other.pk).get().username == "maria@school.example"


def test_a_blocked_account_stays_blocked(op: Provider, maria: User) -> None:
    maria.is_active = False
    maria.save()
    assert refused(Browser())


def test_who_comes_from_the_provider_owes_no_code(op: Provider, maria: User, required: None) -> None:
    given(maria)
    browser = Browser()
    through(browser)
    assert signed_in(browser)


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


def held(browser: Browser) -> Page:
    """A restore, filled in by somebody whose last proof was a while ago."""
    session = browser.client.session
    session["smsops_proven"] -= 601
    session.save()
    school = a_school()
    return browser.post(RESTORE.address(school), **RESTORE.form(school))


def the_way(page: Page) -> dict[str, str]:
    (link,) = [each for each in page.links if each.startswith(reverse(BEGIN))]
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}


def test_a_proof_is_a_new_sign_in_there_and_what_was_typed_is_not_lost(op: Provider, maria: User) -> None:
    through(browser := Browser())
    page = through(browser, **the_way(held(browser)))
    assert (op.asked[-1]["max_age"], op.asked[-1]["prompt"]) == ("0", "login")
    page = browser.get(page.address)
    assert pressed_in(page)["reason"] == REASON
    assert not Run.objects.filter(kind="restore").exists()
    form = page.all("form")[-1].attributes
    browser.post(form["action"], **pressed_in(page))
    assert Run.objects.get(kind="restore").reason == REASON


@pytest.mark.parametrize("lies", [{"auth_time": 1_700_000_000}, {"auth_time": None}])
def test_an_old_sign_in_there_is_no_proof(op: Provider, maria: User, lies: dict[str, Any]) -> None:
    through(browser := Browser())
    op.lies = lies
    assert through(browser, **the_way(held(browser))).address == reverse("admin:index")
    assert "show that" not in browser.get(reverse("admin:index")).text
    assert browser.client.session["smsops_proven"] + 600 < browser.client.session["smsops_begun"]


def test_somebody_else_there_is_no_proof(op: Provider, maria: User) -> None:
    make_user(username="ada", email="ada@school.example")
    through(browser := Browser())
    op.account |= {"sub": "43", "email": "ada@school.example"}
    assert through(browser, **the_way(held(browser))).address == reverse("admin:index")
    assert browser.client.session["smsops_proven"] + 600 < browser.client.session["smsops_begun"]
