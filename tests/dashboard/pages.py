"""The dashboard as somebody sees it, and environments with something to see."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from backups.models import LogFollowing
from smsops.models import Environment, RunState
from tests.admin.browser import Browser, Page
from tests.factories import (
    make_action_item,
    make_backup,
    make_environment,
    make_incident,
    make_offsite_vault,
    make_operation,
    make_run,
    make_step,
    make_viewer,
    make_watch,
)

INDEX = "admin:index"


def dashboard(user: User | None = None, **asked: str) -> Page:
    """Of all environments."""
    page = Browser(user or make_viewer()).get(reverse(INDEX), **asked)
    assert page.status == 200
    return page


def address_of(environment: Environment, part: str = "") -> str:
    return reverse(f"admin:incidents_dashboard_of{part}", args=[environment.name])


def dashboard_of(environment: Environment, user: User | None = None) -> Page:
    """Of one environment."""
    page = Browser(user or make_viewer()).get(address_of(environment))
    assert page.status == 200
    return page


def fact(page: Page, name: str) -> str:
    """What a card says under a heading, with everything below it."""
    boxes = [each for each in page.all("div") if each.text.startswith(name)]
    return boxes[0].text.removeprefix(name).strip()


def section(page: Page, heading: str) -> str:
    """What a section says, its heading included; empty where there is none."""
    found = [each.text for each in page.all("section") if each.text.startswith(heading)]
    return found[0] if found else ""


def a_well_environment(**fields: object) -> Environment:
    """One where nothing is wrong."""
    environment = make_environment(**fields)
    make_watch(environment)
    make_backup(environment)
    return environment


def a_busy_environment() -> Environment:
    """One with something of every kind."""
    environment = make_environment()
    make_watch(environment)
    for _ in range(3):
        make_run(environment)
    make_operation(environment)
    make_step(make_run(environment, state=RunState.RUNNING, kind="deploy", title="Deploy 1.19.0"))
    make_backup(environment)
    make_backup(environment, damage="bit rot")
    make_offsite_vault(environment)
    LogFollowing.objects.create(environment=environment)
    make_action_item(make_incident(environment), due_at=timezone.now())
    return environment


def questions(user: User, address: str) -> int:
    """How many queries a page costs, those for the session and the person included."""
    browser = Browser(user)
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(address).status == 200
    return len(asked)
