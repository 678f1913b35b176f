"""Log patterns and thresholds in the admin: tried out before they are kept, and changed only by who may."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from incidents.models import Detection, LogPattern
from tests.admin.browser import Browser
from tests.factories import make_environment, make_incident, make_user, make_viewer

pytestmark = pytest.mark.django_db
ADD = "admin:incidents_logpattern_add"


def form(**more: Any) -> dict[str, Any]:
    return {"name": "Ours", "enabled": "on", "expression": "is locked", "times": 3, "seconds": 60, "quiet_minutes": 10,
            "severity": "high", "issue": "service", **more}  # fmt: skip


def editor() -> Browser:
    return Browser(make_user("incidents.view_logpattern", "incidents.add_logpattern", "incidents.change_logpattern"))


@pytest.mark.parametrize("wrong", ["^(a+)+$", "(", "x*"])
def test_an_expression_that_would_do_harm_is_refused_with_the_reason(wrong: str) -> None:
    page = editor().post(reverse(ADD), **form(expression=wrong))
    assert page.status == 200
    assert [each.text for each in page.all("ul", "errorlist")]
    assert not LogPattern.objects.filter(name="Ours").exists()


def test_a_pattern_that_was_stopped_is_looked_for_again_once_it_is_written_anew() -> None:
    pattern = LogPattern.objects.create(name="Ours", expression="^(a+)+$", stopped="It took more than 0.5 s.")
    browser = editor()
    assert "It took more than" in browser.get(pattern.get_absolute_url()).text
    assert browser.post(pattern.get_absolute_url(), **form()).status == 302
    pattern.refresh_from_db()
    assert (pattern.stopped, pattern.expression) == ("", "is locked")


def test_who_may_not_change_patterns_adds_none() -> None:
    assert Browser(make_viewer()).post(reverse(ADD), **form()).status == 403
    assert not LogPattern.objects.filter(name="Ours").exists()


def test_the_thresholds_are_on_the_environments_page_for_who_may_see_them() -> None:
    found = Detection.objects.create(environment=make_environment(), slow_ms=1234)
    page = Browser(make_viewer()).get(found.environment.get_absolute_url())
    assert "1234" in page.text
    assert "detection-0-slow_ms" not in page.html


def test_an_incident_that_flaps_says_so_on_its_page_and_in_the_list() -> None:
    incident, browser = make_incident(flapping=True, reopened=2), Browser(make_viewer())
    assert "2 times back" in browser.get(incident.get_absolute_url()).text
    assert "Open, flapping" in browser.get(reverse("admin:incidents_incident_changelist")).text
