"""The pages of django-celery-beat: its bulk actions, run now among them, ask for no right, and so are nobody's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django_celery_beat.admin import PeriodicTaskAdmin
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from smsops.models import AuditEntry
from tests.admin.browser import Browser, changelist, everything
from tests.admin.test_viewers import MAKE, beat_keeper
from tests.factories import make_admin, make_viewer

pytestmark = pytest.mark.django_db
PEOPLE: dict[str, Callable[[], Any]] = {"viewer": make_viewer, "keeper": beat_keeper, "superuser": make_admin}
ACTIONS = [str(getattr(each, "__name__", each)) for each in PeriodicTaskAdmin.actions]


def test_these_tests_know_what_its_own_admin_can_do_to_many() -> None:
    assert {"enable_tasks", "disable_tasks", "toggle_tasks", "run_tasks"} <= set(ACTIONS)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_bulk_action_by_hand_neither_runs_nor_changes_a_task(action: str, person: str) -> None:
    target, browser = MAKE[PeriodicTask](), Browser(PEOPLE[person]())
    before, rung = everything(), sorted(settings.BROKER_DIR.rglob("*"))
    for where in ("", "?enabled__exact=1", "?_popup=1"):
        browser.post(f"{changelist(PeriodicTask)}{where}", action=action, _selected_action=[str(target.pk)], index="0",
                     select_across="1")  # fmt: skip
    assert everything() == before
    assert sorted(settings.BROKER_DIR.rglob("*")) == rung
    assert not AuditEntry.objects.exclude(sort="sign-in").exists()


@pytest.mark.parametrize("model", [PeriodicTask, IntervalSchedule, CrontabSchedule])
def test_no_page_of_it_offers_an_action_to_anybody(model: Any) -> None:
    page, _ = admin.site._registry[model], MAKE[model]()
    for make in PEOPLE.values():
        shown = Browser(make()).get(changelist(model))
        assert shown.status == 200
        assert not [each for each in shown.all("select") if each.attributes.get("name") == "action"]
    assert page.actions is None


def test_a_task_that_a_superuser_switches_off_is_in_the_trail() -> None:
    target, browser = MAKE[PeriodicTask](), Browser(make_admin())
    where = f"{changelist(PeriodicTask)}{target.pk}/change/"
    form = {"name": target.name, "regtask": "smsops.sweep", "interval": str(target.interval.pk), "priority": ""}
    assert browser.post(where, **form, args="[]", kwargs="{}", headers="{}").status == 302
    assert AuditEntry.objects.get(action="periodictask.change").changes["enabled"] == [True, False]
