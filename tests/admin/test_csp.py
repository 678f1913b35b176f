"""A strict content security policy, and pages that need no exception from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.urls import reverse

from incidents.models import IncidentState
from smsops.models import Environment, Run, RunState
from tests.admin.browser import Browser, Page, changelist
from tests.admin.doors import DOORS
from tests.admin.scenes import a_school, incident
from tests.factories import make_admin, make_backup, make_run, make_step, make_watch

pytestmark = pytest.mark.django_db


def a_run_page() -> str:
    run = make_run(state=RunState.NEEDS_HUMAN, facts={"by_hand": ["docker start sms-app"]})
    make_step(run, result={"checks": [{"verdict": "pass", "title": "Health", "detail": "Fine."}]})
    return run.get_absolute_url()


def a_full_dashboard() -> str:
    environment = a_school()
    make_watch(environment)
    make_run(environment)
    make_run(environment, state=RunState.RUNNING)
    incident(IncidentState.OPEN)()
    return reverse("admin:index")


PAGES: dict[str, Callable[[], str]] = {
    "login": lambda: reverse("admin:login"),
    "dashboard": a_full_dashboard,
    "run": a_run_page,
    "confirmation": lambda: DOORS["restore the latest"].address(a_school()),
    "choice of a release": lambda: DOORS["roll back"].address(a_school()),
    "incident": lambda: incident(IncidentState.OPEN)().get_absolute_url(),
    "environment": lambda: a_school().get_absolute_url(),
    "new environment": lambda: reverse("admin:smsops_environment_add"),
    "backup": lambda: make_backup().get_absolute_url(),
    "runs": lambda: (make_run(), changelist(Run))[1],
    "environments": lambda: (a_school(), changelist(Environment))[1],
    "history": lambda: reverse("admin:smsops_environment_history", args=[a_school().pk]),
    "schedules": lambda: (a_school(), reverse("admin:django_celery_beat_periodictask_changelist"))[1],
    "your sign-ins": lambda: reverse("admin:sign_ins"),
    "how people sign in": lambda: reverse("admin:people_sign_ins"),
    "set-up of a second factor": lambda: reverse("admin:login_device"),
    "api": lambda: reverse("admin:smsops_api"),
    "my tokens": lambda: reverse("admin:smsops_my_tokens"),
    "new webhook": lambda: reverse("admin:smsops_webhook_add"),
    "password": lambda: reverse("admin:password_change"),
    "runbook": lambda: reverse("admin:incidents_runbook_of", args=[a_school().name]),
    "note in the runbook": lambda: reverse("admin:incidents_runbook_note", args=[a_school().name, "4.1"]),
    "first run": lambda: reverse("admin:backups_first_run"),
    "first description": lambda: f"{reverse('admin:backups_first_run_describe')}?preset=sms-native",
    "first steps": lambda: reverse("admin:backups_first_run_of", args=[a_school().name]),
}
every_page = pytest.mark.parametrize("name", PAGES)


def opened(name: str) -> Page:
    browser = Browser() if name == "login" else Browser(make_admin())
    page = browser.get(PAGES[name]())
    assert page.status == 200
    return page


def policy(page: Page) -> dict[str, str]:
    header = page.response.headers["Content-Security-Policy"]
    return dict(part.strip().split(" ", 1) for part in header.split(";"))


@every_page
def test_the_policy_is_strict_on_every_page(name: str) -> None:
    found = policy(opened(name))
    assert found["default-src"] == "'self'"
    assert found["object-src"] == found["frame-ancestors"] == "'none'"
    assert found["base-uri"] == found["form-action"] == "'self'"
    assert "unsafe" not in str(found)
    assert {"script-src", "style-src", "connect-src"}.isdisjoint(found)  # they are default-src's


@every_page
def test_no_page_has_an_inline_script_or_style(name: str) -> None:
    page = opened(name)
    scripts = [each for each in page.all("script") if each.attributes.get("type") != "application/json"]
    assert all(each.attributes.get("src") and not each.text for each in scripts)
    assert not page.all("style")
    assert not [each for each in page.elements if "style" in each.attributes]


@every_page
def test_no_page_has_an_event_handler_or_a_script_address(name: str) -> None:
    elements = opened(name).elements
    assert elements
    for element in elements:
        assert not [attribute for attribute in element.attributes if attribute.startswith("on")], element
        assert not [value for value in element.attributes.values() if value.lower().startswith("javascript:")]


@every_page
def test_everything_a_page_loads_is_our_own(name: str) -> None:
    page = opened(name)
    loaded = [each.attributes.get("src", "") for each in [*page.all("script"), *page.all("img")]]
    loaded += [each.attributes["href"] for each in page.all("link")]
    assert not [address for address in loaded if address and not address.startswith("/")]
    for address in loaded:
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address


def test_the_live_view_is_html_without_scripts_of_its_own() -> None:
    run = make_run()
    make_step(run)
    html = Browser(make_admin()).client.get(reverse("admin:smsops_run_live", args=[run.pk])).json()["html"]
    assert "<script" not in html
    assert "style=" not in html


def test_the_other_doors_of_a_browser_are_shut_too() -> None:
    headers = opened("dashboard").response.headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in headers["Cache-Control"]


def test_our_own_templates_are_all_covered_by_the_policy() -> None:
    templates = list(Path(settings.BASE_DIR, "templates").rglob("*.html"))
    assert templates
    for template in templates:
        text = template.read_text(encoding="utf-8")
        assert "|safe" not in text, template
        assert "autoescape off" not in text, template
