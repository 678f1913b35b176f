"""What the pages of what follows an incident cost when there is much to show."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.models import ActionItem, PostMortem
from smsops.models import Environment
from tests.admin.browser import Browser, changelist
from tests.after.conftest import at, days_ago, drafted, over, write
from tests.after.pages import address
from tests.factories import make_action_item, make_admin, make_environment, make_user, make_viewer

pytestmark = pytest.mark.django_db

MONTH = timezone.now().strftime("%Y-%m")


def questions(browser: Browser, where: str) -> int:
    browser.get(where)  # the first one also looks up things that are kept
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(where).status == 200
    return len(asked)


def fill(environment: Environment, number: int) -> PostMortem:
    times = {
        "detected_at": days_ago(number % 28 + 0.2),
        "resolved_at": days_ago(number % 28 + 0.1),
        "acknowledged_at": None,
    }
    found = drafted(environment, fingerprint=f"n{number}", **times, mitigated_at=None)
    make_action_item(found.incident, owner=make_user())
    return found


def test_every_page_asks_as_many_questions_for_much_as_for_little(environment: Environment, ada: User) -> None:
    found, browser = fill(environment, 1), Browser(make_admin())
    where = [changelist(PostMortem), changelist(ActionItem), address("objectives"), address("objectives_of", "school"),
             address("objectives_month", "school", MONTH), address("search") + "?q=answer"]  # fmt: skip
    where.append(found.get_absolute_url())
    before = [questions(browser, each) for each in where]
    for number in range(2, 12):
        fill(make_environment() if number % 3 == 0 else environment, number)
        make_action_item(found.incident, owner=make_user())
        write(found, ada, luck=f"Luck {number}.")
    after = [questions(browser, each) for each in where]
    assert after == before
    assert max(after) <= 25


def test_a_timeline_of_five_thousand_lines_opens(environment: Environment) -> None:
    incident = over(environment)
    incident.timeline.bulk_create(
        [
            incident.timeline.model(incident=incident, kind="sign", text=f"refused {n}", at=at(n / 200))
            for n in range(5000)
        ]
    )
    from incidents.postmortems import drafting

    begun = drafting.begin(incident)
    drafting.measure(begun.pk)
    page = Browser(make_viewer()).get(begun.get_absolute_url())
    assert page.status == 200
    assert "refused 4999" in page.text
