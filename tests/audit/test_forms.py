"""Forms of the admin: who changed what, from what to what, in the transaction that changes it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule

from incidents.models import Team
from smsops.audit.values import SEALED
from smsops.models import AuditEntry, Environment
from smsops.models.audit import Sort
from tests.admin.browser import Browser, Page, change_page, changelist
from tests.audit.trail import newest, whole_text
from tests.factories import CANARY, SMOKE, make_admin, make_environment, make_user

pytestmark = pytest.mark.django_db


def values_of(page: Page) -> dict[str, str]:
    """A form as it is sent when nobody changes anything."""
    inputs = [
        each.attributes for each in page.all("input") if each.attributes.get("type") not in ("submit", "checkbox")
    ]
    ticked = [each.attributes for each in page.all("input") if "checked" in each.attributes]
    return {each["name"]: each.get("value", "") for each in (*inputs, *ticked) if each.get("name")}


def changed(environment: Environment, **fields: str) -> Page:
    browser = Browser(make_admin())
    form = {name: str(getattr(environment, name)) for name in ("runtime", "preset", "database_engine", "edge",
                                                               "second_person")}  # fmt: skip
    form |= values_of(browser.get(change_page(environment)))
    page = browser.post(change_page(environment), **{**form, "core_tables": "[]", **fields, "_save": "Save"})
    assert page.status == 302, page.text
    return page


def test_a_changed_field_has_what_was_before_and_after() -> None:
    environment = make_environment(title="The old school")
    changed(environment, title="The new school")
    entry = newest("environment.change")
    assert entry.changes["title"] == ["The old school", "The new school"]
    assert (entry.about, entry.sort, entry.door) == (f"environment:{environment.pk}", Sort.FORM, "admin")
    assert "name" not in entry.changes


def test_a_secret_was_changed_and_that_is_all_that_is_told() -> None:
    environment = make_environment(**SMOKE)
    changed(environment, smoke_password=f"{CANARY}-and-another")
    assert newest("environment.change").changes["smoke_password"] == [SEALED, SEALED]
    assert CANARY not in whole_text()


def test_a_form_that_is_refused_leaves_no_entry() -> None:
    environment, browser = make_environment(), Browser(make_admin())
    assert browser.post(change_page(environment), title="x").status == 200
    assert not AuditEntry.objects.filter(sort=Sort.FORM).exists()


def test_who_is_the_person_who_is_signed_in_and_where_from() -> None:
    boss = make_admin()
    browser = Browser(boss, REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="Firefox " + "x" * 300)
    browser.post(reverse("admin:auth_group_add"), name="Night shift")
    entry = newest("group.add")
    assert (entry.who, entry.user, entry.address) == (boss.username, boss.pk, "192.0.2.7")
    assert len(entry.agent) == 100
    assert entry.changes["name"] == [None, "Night shift"]


def test_rights_that_are_given_and_taken_are_told_by_name() -> None:
    group, browser = Group.objects.create(name="Night shift"), Browser(make_admin())
    old, new = Permission.objects.get(codename="cancel_run"), Permission.objects.get(codename="break_glass")
    group.permissions.add(old)
    browser.post(change_page(group), name=group.name, permissions=[str(new.pk)])
    left, came = newest("group.change").changes["permissions"]
    assert ("Can cancel a run" in left, "without the second person" in came) == (True, True)


def test_a_role_that_is_given_to_somebody_is_told() -> None:
    user, group = make_user(), Group.objects.create(name="Night shift")
    form = {"username": user.username, "groups": [str(group.pk)], "is_active": "on", "is_superuser": "on",
            "date_joined": "2026-01-01T10:00:00"}  # fmt: skip
    page = Browser(make_admin()).post(change_page(user), **form)
    assert page.status == 302, page.text
    entry = newest("user.change")
    assert "Night shift" in entry.changes["groups"][1]
    assert entry.changes["is_superuser"] == [False, True]


def test_a_new_password_is_told_without_it() -> None:
    user, word = make_user(), "Correct-horse-9-battery"
    where = reverse("admin:auth_user_password_change", args=[user.pk])
    assert Browser(make_admin()).post(where, password1=word, password2=word, usable_password="true").status == 302
    assert newest("user.change").changes["password"] == [SEALED, SEALED]
    assert word not in whole_text()
    assert User.objects.get(pk=user.pk).password not in whole_text()


def test_what_is_deleted_is_told_as_it_was() -> None:
    team = Team.objects.create(name="Teachers")
    where = reverse("admin:incidents_team_delete", args=[team.pk])
    assert Browser(make_admin()).post(where, post="yes").status == 302
    assert newest("team.delete").changes["name"] == ["Teachers", None]


def test_each_of_many_that_are_deleted_has_an_entry() -> None:
    groups = [Group.objects.create(name=name) for name in ("One", "Two")]
    chosen = [str(each.pk) for each in groups]
    Browser(make_admin()).post(changelist(Group), action="delete_selected", _selected_action=chosen, post="yes")
    assert AuditEntry.objects.filter(action="group.delete").count() == 2


def test_the_schedules_of_celery_beat_are_told_as_well() -> None:
    row = IntervalSchedule.objects.create(every=7, period="days")
    assert Browser(make_admin()).post(change_page(row), every="8", period="days").status == 302
    assert newest("intervalschedule.change").changes["every"] == [7, 8]
