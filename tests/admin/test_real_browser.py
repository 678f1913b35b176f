"""The pages in a real browser: nothing is refused by the content security policy, and on a phone all can be pressed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from docs.pictures.browser import DESK, PHONE, Browser
from incidents.models import Incident, Page, PlaybookAct, Triage
from smsops.models import Environment, Run
from tests.admin.browser import door
from tests.admin.scenes import a_school
from tests.factories import make_admin, make_incident, make_step

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

THUMB = 44  # pixels; what a thumb hits
SIZES = "[...document.querySelectorAll('.object-tools a, .object-tools summary')].map(each => each.offsetHeight)"


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    """One browser for all tests here."""
    with Browser() as browser:
        yield browser


@pytest.fixture
def root(window: Browser, live_server: Any) -> str:
    """The address of the admin, to which somebody who may do everything is signed in."""
    user = make_admin()
    window.look()
    window.open(live_server.url + reverse("admin:login"))
    window.submit("#login-form", username=user.username, password="secret")
    window.said.clear()
    return str(live_server.url)


def a_told_incident(school: Environment) -> Incident:
    """One about which much was seen, some of it in words without an end, as logs have them."""
    found, word = make_incident(school), "x" * 300
    Triage.objects.create(incident=found, broken=word, words=word, running=word, changed=word)
    found.timeline.create(kind="sign", text=word)
    PlaybookAct.objects.create(incident=found, kind="diagnosis", title="Its log", text=word)
    Page.objects.create(incident=found, user=make_admin(), text=word, key="x", problem=word)
    return found


def pages(school: Environment) -> list[str]:
    """What a person sees of deploys and of the ways back."""
    run = Run.objects.get(kind="deploy")
    make_step(run, result={"checks": [{"verdict": "pass", "title": "Health", "detail": "Fine."}]})
    release = school.releases.get(version="1.17.0")
    targets: list[Any] = [school, run, release, a_told_incident(school)]
    doors = [door(school, "deploy"), door(school, "rollback"), door(release, "deploy"), door(school, "restore")]
    lists = ["deployments_operation", "deployments_release", "smsops_run", "deployments_checkresult"]
    dashboards = [reverse("admin:index"), reverse("admin:incidents_dashboard_of", args=[school.name])]
    found = [*dashboards, *(each.get_absolute_url() for each in targets), *doors]
    return [*found, *(reverse(f"admin:{name}_changelist") for name in lists)]


def test_no_page_complains_in_the_console_and_none_is_wider_than_its_window(window: Browser, root: str) -> None:
    wide, found = [], pages(a_school())
    for size in (DESK, PHONE):
        window.look(size)
        for page in found:
            window.open(root + page)
            if window.run("document.documentElement.scrollWidth") > size[0]:
                wide.append((page, size))
    assert (window.said, wide) == ([], [])


def test_more_opens_without_a_script_of_ours_and_by_keyboard(window: Browser, root: str) -> None:
    window.look(PHONE)
    window.open(root + a_school().get_absolute_url())
    assert not window.run("document.querySelector('.more a').checkVisibility()")
    window.run("document.querySelector('.more summary').focus()")
    window.enter()
    assert window.run("document.querySelector('.more a').checkVisibility()")
    heights = window.run(SIZES)
    assert len(heights) > 10
    assert min(heights) >= THUMB
