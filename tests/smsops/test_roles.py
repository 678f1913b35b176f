"""The groups to begin with: made once, never over an operator's own, and taken back only where nobody uses them."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.db import connection

pytestmark = pytest.mark.django_db
roles = import_module("smsops.migrations.0009_roles")


@pytest.fixture(autouse=True)
def made() -> None:
    """As after the migration, whatever other tests left."""
    Group.objects.all().delete()
    roles.create(apps, connection.schema_editor())


def can(group: str, *names: str) -> set[str]:
    """Those of the names that the group may."""
    found = Permission.objects.filter(group__name=group).values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in found} & set(names)


def test_there_are_five() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(roles.NAMES)
    assert len(roles.NAMES) == 5


@pytest.mark.parametrize(
    ("group", "may"),
    [
        ("Viewer", set()),
        ("Auditor", set()),
        ("Responder", {"rollback", "restore"}),
        ("Operator", {"rollback", "restore", "deploy", "approve"}),
        ("Ops lead", {"rollback", "restore", "deploy", "approve", "glass", "change"}),
    ],
)
def test_who_may_what(group: str, may: set[str]) -> None:
    words = {
        "rollback": "smsops.rollback_environment", "restore": "smsops.restore_environment",
        "deploy": "smsops.deploy_environment", "approve": "smsops.approve_run", "glass": "smsops.break_glass",
        "change": "smsops.change_environment",
    }  # fmt: skip
    assert can(group, *words.values()) == {words[word] for word in may}


@pytest.mark.parametrize("group", ["Viewer", "Auditor"])
def test_who_only_looks_may_nothing_else(group: str) -> None:
    held = Permission.objects.filter(group__name=group)
    assert held.exists()
    assert not held.exclude(codename__startswith="view_").exists()


def test_the_auditor_sees_everything_and_the_viewer_only_the_rooms() -> None:
    everything = set(Permission.objects.filter(codename__startswith="view_"))
    assert set(Group.objects.get(name="Auditor").permissions.all()) >= everything
    assert can("Viewer", "incidents.view_incident", "auth.view_user") == {"incidents.view_incident"}


def test_a_group_an_operator_made_stays_as_it_is() -> None:
    own = Group.objects.get(name="Operator")
    own.permissions.set(Permission.objects.filter(codename="view_run"))
    Group.objects.filter(name="Viewer").delete()
    roles.create(apps, connection.schema_editor())
    assert [each.codename for each in own.permissions.all()] == ["view_run"]
    assert Group.objects.filter(name="Viewer").exists()


def test_going_back_removes_only_what_nobody_uses_or_changed() -> None:
    Group.objects.get(name="Viewer").permissions.add(Permission.objects.get(codename="cancel_run"))
    User.objects.create(username="maria").groups.add(Group.objects.get(name="Ops lead"))
    own = Group.objects.create(name="Our own")
    roles.drop(apps, connection.schema_editor())
    assert set(Group.objects.values_list("name", flat=True)) == {"Viewer", "Ops lead", own.name}
