"""Who lost their telephone, is locked out or must be put out: an ops lead helps, and says why."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection
from django.urls import reverse
from pytest_django import Settings

from smsops import signals
from smsops.models import Authenticator
from smsops.signin import devices, lockout, sessions
from tests.admin.browser import Browser, Page, everything
from tests.factories import make_admin, make_user, make_viewer
from tests.signin.phone import CODE, DEVICE, given, password, signed_in

pytestmark = pytest.mark.django_db
ALL = "admin:people_sign_ins"
migration = import_module("smsops.migrations.0014_sign_ins")


@pytest.fixture
def ada() -> User:
    return make_user()


@pytest.fixture
def lead() -> Browser:
    return Browser(make_user("smsops.manage_signin"))


def helped(browser: Browser, user: User, what: str, reason: str = "She rang me up.") -> Page:
    return browser.post(reverse("admin:people_sign_ins_do", args=[user.pk, what]), reason=reason)


def test_a_lost_telephone_is_reset_and_the_next_sign_in_sets_up_another(
    ada: User, lead: Browser, settings: Settings
) -> None:
    given(ada)
    assert password(Browser(), ada).address == reverse(CODE)
    assert helped(lead, ada, "reset-device").status == 302
    settings.SMSOPS_TOTP = "required"
    assert password(Browser(), ada).address == reverse(DEVICE)


def test_the_reset_takes_everything_and_puts_the_person_out(ada: User, lead: Browser) -> None:
    given(ada)
    browser = Browser(ada)
    assert helped(lead, ada, "reset-device").address == reverse(ALL)
    assert not Authenticator.objects.exists()
    assert devices.codes_left(ada) == 0
    assert not signed_in(browser)


def test_a_reset_is_told_with_who_did_it_and_why(ada: User, lead: Browser) -> None:
    given(ada)
    heard: list[tuple[object, ...]] = []
    listen = lambda **news: heard.append((news["user"], news["author"], news["reason"]))  # noqa: E731
    signals.device_removed.connect(listen)
    helped(lead, ada, "reset-device")
    signals.device_removed.disconnect(listen)
    assert heard == [(ada, lead.user, "She rang me up.")]


def in_every_trouble(user: User) -> None:
    """Somebody with a session, a telephone and a lockout: there is something to do for each kind of help."""
    given(user)
    Browser(user)
    for _ in range(5):
        password(Browser(), user, "wrong")


@pytest.mark.parametrize("what", ["reset-device", "unlock", "end-sessions"])
def test_each_kind_of_help_changes_something(ada: User, lead: Browser, what: str) -> None:
    in_every_trouble(ada)
    before = troubles(ada)
    assert helped(lead, ada, what).status == 302
    assert troubles(ada) != before


def troubles(user: User) -> tuple[bool, int, bool]:
    """Whether there is a telephone, how many sessions, and whether they are locked out."""
    return Authenticator.objects.filter(user=user).exists(), sessions.live(user).count(), bool(lockout.names())


@pytest.mark.parametrize("what", ["reset-device", "unlock", "end-sessions"])
def test_without_a_reason_nothing_happens(ada: User, lead: Browser, what: str) -> None:
    in_every_trouble(ada)
    before = everything()
    assert "This field is required." in helped(lead, ada, what, " ").errors_of("Reason")
    assert everything() == before


@pytest.mark.parametrize("what", ["reset-device", "unlock", "end-sessions"])
def test_without_the_permission_nothing_happens(ada: User, what: str) -> None:
    in_every_trouble(ada)
    for user in (ada, make_viewer()):
        browser = Browser(user)
        before = everything()
        assert helped(browser, ada, what).status == 403
        assert browser.get(reverse(ALL)).status == 403
        assert everything() == before


def test_a_superuser_is_helped_by_superusers_only(lead: Browser) -> None:
    root = make_admin()
    given(root)
    assert helped(lead, root, "reset-device").status == 403
    assert helped(Browser(make_admin()), root, "reset-device").status == 302


def test_looking_changes_nothing(ada: User, lead: Browser) -> None:
    given(ada)
    before = everything()
    page = lead.get(reverse("admin:people_sign_ins_do", args=[ada.pk, "reset-device"]))
    assert "every session of this person ends" in page.text
    assert everything() == before


def test_the_page_says_who_is_locked_out_and_offers_help(ada: User, lead: Browser) -> None:
    for _ in range(5):
        password(Browser(), ada, "wrong")
    page = lead.get(reverse(ALL))
    assert "Locked out" in page.text
    assert reverse("admin:people_sign_ins_do", args=[ada.pk, "unlock"]) in page.links
    assert helped(lead, ada, "unlock").status == 302
    assert password(Browser(), ada).status == 302


def test_sessions_are_ended_with_who_did_it(ada: User, lead: Browser) -> None:
    browser = Browser(ada)
    helped(lead, ada, "end-sessions", "She left.")
    assert not signed_in(browser)
    assert "She left." in ada.sign_ins.get().ended_why


def test_somebody_who_does_not_exist_is_not_helped(lead: Browser) -> None:
    assert lead.post("/people/sign-ins/999999/unlock/", reason="x").status == 404
    assert lead.post(f"/people/sign-ins/{lead.user.pk}/dance/", reason="x").status == 404  # type: ignore[union-attr]


def test_many_people_cost_as_many_queries_as_few(lead: Browser, django_assert_num_queries: object) -> None:
    from django.test.utils import CaptureQueriesContext

    def counted() -> int:
        with CaptureQueriesContext(connection) as captured:
            lead.get(reverse(ALL))
        return len(captured)

    few = counted()
    for _ in range(10):
        Browser(make_user())
    assert counted() == few


def test_ops_leads_may_help_and_going_back_takes_it_away() -> None:
    group, _ = Group.objects.get_or_create(name="Ops lead")
    group.permissions.clear()
    held = group.permissions.filter(codename="manage_signin")
    migration.grant(apps, connection.schema_editor())
    assert held.exists()
    migration.withdraw(apps, connection.schema_editor())
    assert not held.exists()
    migration.grant(apps, connection.schema_editor())
