"""The table of the roles: it places every right there is, the groups have what it says, and the page tells it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import connection

from docs import roles as page
from smsops import roles

GRANTING = (
    "smsops.0009_roles:create",
    "incidents.0007_shipped_playbooks:grant",
    "incidents.0008_after_an_incident:grant",
    "incidents.0010_matrix:add",
    "incidents.0012_detection:grant",
    "incidents.0013_severity_and_roles:grant",
    "smsops.0013_roles_complete:grant",
    "smsops.0014_sign_ins:grant",
    "smsops.0015_api:give",
    "incidents.0020_live_runbook:grant",
)


def migrate() -> None:
    """What the migrations do to the groups, in their order."""
    for each in GRANTING:
        where, _, function = each.partition(":")
        room, _, name = where.partition(".")
        getattr(import_module(f"{room}.migrations.{name}"), function)(apps, connection.schema_editor())


def rights_of(group: str) -> set[str]:
    found = Permission.objects.filter(group__name=group).values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in found}


def test_every_right_has_its_place_in_the_table() -> None:
    lost = sorted(right for right in page.rights() if not roles.placed(right))
    assert lost == [], "no role has these, and smsops/roles.py does not say why; a migration gives them to the groups"


def test_the_table_names_only_rights_there_are() -> None:
    told = {*roles.may(roles.LEAD), *roles.may(roles.AUDITOR), *roles.ALONE, *roles.RECORDS, *roles.KEPT}
    assert told - set(page.rights()) == set()


def test_a_right_has_one_place_only() -> None:
    places = [*roles.GAINED.values(), frozenset(roles.ALONE), roles.RECORDS, roles.KEPT]
    assert sum(map(len, places)) == len(frozenset().union(*places))


def test_each_rung_may_what_those_below_may() -> None:
    for below, above in zip(roles.LADDER, roles.LADDER[1:], strict=False):
        assert roles.may(below) < roles.may(above)


def test_who_only_looks_may_nothing_else() -> None:
    for role in (roles.VIEWER, roles.AUDITOR):
        assert [right for right in roles.may(role, page.rights()) if ".view_" not in right] == []


@pytest.mark.django_db
def test_the_groups_of_a_new_installation_have_what_the_table_says() -> None:
    Group.objects.all().delete()
    migrate()
    known = {
        f"{each.content_type.app_label}.{each.codename}" for each in Permission.objects.select_related("content_type")
    }
    for role in roles.ROLES:
        assert (role, rights_of(role) ^ (roles.may(role, page.rights()) & known)) == (role, set())


@pytest.mark.django_db
def test_a_group_an_operator_made_their_own_stays_as_it_is() -> None:
    Group.objects.all().delete()
    own = Group.objects.create(name="Responder")
    own.permissions.set(Permission.objects.filter(codename="view_run"))
    migrate()
    assert rights_of("Responder") & {"incidents.add_silence", "smsops.view_step"} == set()


def test_the_page_is_what_the_table_says() -> None:
    told = Path(page.FILE).read_text(encoding="utf-8")
    assert told == page.page(), "write it anew: python -m docs.roles"
