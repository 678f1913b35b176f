"""No page keeps anybody out: by day, by night and on a telephone; none is refused by its policy, or asks strangers."""

from __future__ import annotations

from base64 import b32decode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.urls import reverse
from pytest_django import Settings

from docs.pictures.browser import DESK, Browser
from incidents.services import links
from smsops.models import SignIn
from tests.admin.browser import Browser as Reader
from tests.admin.browser import changelist
from tests.admin.doors import DOORS, Door
from tests.admin.test_viewers import MAKE, address
from tests.factories import make_admin, make_incident, make_user
from tests.people.world import PAGES
from tests.signin.phone import Phone, given, wrong
from tests.walks import person
from tests.walks.full_pages import FULL
from tests.walks.inspection import complaints, enter, looked_over, strangers

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SOMETHING_BAD = """() => {
  const wide = document.createElement("p");
  wide.textContent = "x".repeat(300);
  document.querySelector("main").append(document.createElement("button"), document.createElement("button"), wide);
  document.querySelector("main a").style.color = "#777";
  fetch("http://127.0.0.2:9/").catch(() => null);
}"""


@pytest.fixture
def window(chromium: Browser) -> Iterator[Browser]:
    """The same window for all of them, which remembers nothing, and leaves a live page before its session is gone."""
    chromium.forget()
    chromium.look()
    yield chromium
    chromium.forget()


@pytest.fixture
def root(window: Browser, live_server: Any) -> str:
    """The address of the admin, to which somebody who may do everything is signed in."""
    address = str(live_server.url)
    enter(window, address, make_admin())
    return address


@pytest.fixture
def outside(window: Browser, live_server: Any) -> str:
    """The same for somebody who is not signed in."""
    return str(live_server.url)


def for_programs(answer: Any) -> bool:
    """Whether it is no page: a browser gives it to a program, keeps it as a file or shows it as it is."""
    kind = answer.headers["Content-Type"].partition(";")[0]
    kept: bool = answer.headers.get("Content-Disposition", "").startswith("attachment")
    return kept or kind != "text/html"


def of_model(window: Browser, root: str, view: str, *args: Any, model: type[Model]) -> list[str]:
    """What is wrong with a page of a model, where there is one."""
    where = address(model, view, *args)
    code = Reader(make_admin()).get(where).status
    return [f"{view}: {each}" for each in complaints(window, root, where, code)] if code != 403 else []


@pytest.mark.parametrize("model", MAKE, ids=lambda model: model.__name__)
def test_the_pages_of_a_model_keep_nobody_out(window: Browser, root: str, model: type[Model]) -> None:
    found = complaints(window, root, changelist(model))  # of none, where there can be none
    target = MAKE[model]()
    found += complaints(window, root, changelist(model))
    found += of_model(window, root, "add", model=model)
    for view in ("change", "history", "delete"):
        found += of_model(window, root, view, target.pk, model=model)
    assert found == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_its_own_keeps_nobody_out(window: Browser, root: str, name: str) -> None:
    where = PAGES[name].address()
    answer = Reader(make_admin()).client.get(where)
    assert for_programs(answer) or complaints(window, root, where, answer.status_code) == []


@pytest.mark.parametrize("name", FULL)
def test_a_page_with_much_on_it_keeps_nobody_out(window: Browser, root: str, name: str) -> None:
    assert complaints(window, root, FULL[name]()) == []


@pytest.mark.parametrize("button", DOORS.values(), ids=DOORS)
def test_what_a_button_asks_first_keeps_nobody_out(window: Browser, root: str, button: Door) -> None:
    assert complaints(window, root, button.address(button.prepare())) == []


def test_a_form_that_was_filled_in_wrongly_keeps_nobody_out(window: Browser, root: str) -> None:
    window.open(root + DOORS["restore the latest"].address(DOORS["restore the latest"].prepare()))
    window.submit(".confirm form", reason="", typed_name="another")
    found = looked_over(window, root)
    window.open(root + reverse("admin:smsops_environment_add"))
    window.submit("#environment_form", name="")
    assert found + looked_over(window, root) == []


def test_the_pages_of_signing_in_keep_nobody_out(
    window: Browser, outside: str, settings: Settings, transactional_db: None
) -> None:
    settings.SMSOPS_TOTP, settings.SMSOPS_OIDC_ISSUER = "required", "https://id.school.example"
    settings.SMSOPS_OIDC_CLIENT_ID, settings.SMSOPS_OIDC_NAME = "smsops", "School ID"
    user, login = make_admin(), reverse("admin:login")
    found = complaints(window, outside, login)
    assert window.page.get_by_role("link", name="Sign in with School ID").count() == 1
    window.submit("#login-form", username=user.username, password="wrong")
    found += looked_over(window, outside)
    window.submit("#login-form", username=user.username, password="secret")
    found += looked_over(window, outside)
    window.submit("#device-form", code="1")
    found += looked_over(window, outside)
    phone, _ = given(user)
    window.open(outside + login)
    window.submit("#login-form", username=user.username, password="secret")
    window.submit("#code-form", code=wrong(phone.code()))
    assert found + looked_over(window, outside) == []


def test_codes_that_are_shown_once_and_a_proof_keep_nobody_out(window: Browser, root: str, settings: Settings) -> None:
    window.open(root + reverse("admin:login_device"))
    phone = Phone(b32decode(window.page.locator("code.key").inner_text().replace(" ", "")))
    window.submit("#device-form", code=phone.code())
    found = looked_over(window, root)
    assert window.page.locator(".codes li").count() == 10
    settings.SMSOPS_SUDO_MINUTES = 0
    button = DOORS["restore the latest"]
    target = button.prepare()
    window.open(root + button.address(target))
    window.submit(".confirm form", **button.form(target))
    found += looked_over(window, root)
    window.submit("#proof-form", smsops_proof=wrong(phone.code(1)))
    assert found + looked_over(window, root) == []
    assert window.page.get_by_label("Code").count() == 1


def test_whoever_signs_out_is_not_kept_out(window: Browser, root: str) -> None:
    window.open(root + reverse("admin:index"))
    person.sign_out(window)
    assert not SignIn.objects.filter(ended_at=None).exists()
    assert looked_over(window, root) == []


@pytest.mark.parametrize("answer", ["", "mine", "later"])
def test_the_link_in_a_message_keeps_nobody_out(window: Browser, outside: str, admin_user: User, answer: str) -> None:
    where = reverse("acknowledge", args=[links.token(make_incident().pk, admin_user.pk)])
    found = complaints(window, outside, where)
    if answer:
        window.turn(lambda: window.page.locator(f"button[value={answer}]").click())
        found += looked_over(window, outside)
    assert found == []


def nowhere(window: Browser, root: str) -> str:
    """An address of nothing."""
    return f"{root}/smsops/nothing/"


def forbidden(window: Browser, root: str) -> str:
    """A page for others."""
    enter(window, root, make_user())
    return root + reverse("admin:smsops_environment_changelist")


def broken(window: Browser, root: str) -> str:
    """A page that breaks."""
    return f"{root}/breaks/"


def invalid(window: Browser, root: str) -> str:
    """A link in a message that is not valid any more."""
    return root + reverse("acknowledge", args=["x"])


def strange(window: Browser, root: str) -> str:
    """The same server under a name it does not know."""
    return root.replace("localhost", "strange.localhost").replace("127.0.0.1", "strange.localhost")


ERRORS: dict[str, tuple[Callable[[Browser, str], str], int]] = {
    "nowhere": (nowhere, 404), "forbidden": (forbidden, 403), "broken": (broken, 500), "invalid": (invalid, 404),
    "strange": (strange, 400),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_what_went_wrong_is_said_to_everybody(window: Browser, root: str, settings: Settings, name: str) -> None:
    settings.ROOT_URLCONF = "tests.walks.addresses"
    make, status = ERRORS[name]
    where = make(window, root)
    own = where if name == "strange" else root
    assert complaints(window, own, where.removeprefix(own), status) == []
    assert window.page.locator(".answer h1").count() == 1


def test_a_form_without_its_cookie_is_answered_for_everybody(window: Browser, outside: str) -> None:
    window.open(outside + reverse("admin:login"))
    window.page.context.clear_cookies()
    window.submit("#login-form", username="maria", password="secret")
    assert looked_over(window, outside, 403) == []
    assert window.page.get_by_role("heading", name="Nothing was sent").count() == 1


def test_the_net_catches_what_it_is_for(window: Browser, root: str) -> None:
    window.open(root + reverse("admin:sign_ins"))
    assert looked_over(window, root) == []
    window.look(DESK)
    window.run(SOMETHING_BAD)
    found = " ".join(looked_over(window, root))
    for each in ("by day: button-name", "by day: color-contrast", "by night: color-contrast", "target-size",
                 "pixels wide", "Content Security Policy"):  # fmt: skip
        assert each in found
    assert len(strangers(window, "https://another.example")) > 5  # to them all of ours are
