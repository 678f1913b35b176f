"""The runbook's matrix as rows: what the migration brings, and what of an operator's it leaves alone, both ways."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import connection

from incidents.models import EscalationPolicy, Rota, RotaMember, Team
from tests.factories import make_user
from tests.paging.people import person, policy

pytestmark = pytest.mark.django_db
matrix = import_module("incidents.migrations.0010_matrix")
roles = import_module("smsops.migrations.0009_roles")


def forwards() -> None:
    matrix.add(apps, connection.schema_editor())


def backwards() -> None:
    matrix.remove(apps, connection.schema_editor())


@pytest.fixture(autouse=True)
def none_of_it(nothing_shipped: None) -> None:
    Group.objects.all().delete()


def level(row: Any) -> tuple[Any, ...]:
    rotas, teams = row.rotas.values_list("name", flat=True), row.teams.values_list("name", flat=True)
    return row.after_minutes, row.condition, sorted([*rotas, *teams])


# Runbook §5.4, its four rows; “unanswered” is the response time of §5.1.
EXPECTED = {
    "service": [(0, "", ["On-call Ops"]), (15, "unresolved", ["CTO", "DB Admin"])],
    "data": [
        (0, "", ["On-call Ops"]),
        (0, "integrity_failed", ["CTO", "Database Specialist"]),
        (0, "unanswered", ["CTO", "Database Specialist"]),
    ],
    "security": [
        (0, "", ["On-call Ops"]), (0, "exposure_confirmed", ["CISO", "CTO"]), (0, "unanswered", ["CISO", "CTO"])],
    "unknown": [(0, "", ["On-call Ops"]), (20, "cause_unknown", ["Dev Team Lead"])],
}  # fmt: skip


@pytest.mark.parametrize("issue", EXPECTED)
def test_each_row_of_the_matrix_is_a_policy(issue: str) -> None:
    forwards()
    found = EscalationPolicy.objects.get(issue=issue)
    assert [level(row) for row in found.levels.all()] == EXPECTED[issue]


def test_the_teams_and_the_rota_are_there_without_people() -> None:
    forwards()
    assert set(Team.objects.values_list("name", flat=True)) == set(matrix.TEAMS)
    assert not Team.objects.exclude(members=None).exists()
    assert [rota.name for rota in Rota.objects.filter(places=None)] == ["On-call Ops"]


def test_twice_is_as_once() -> None:
    forwards()
    forwards()
    assert EscalationPolicy.objects.count() == 4
    assert Team.objects.count() == 5


def test_what_an_operator_has_made_stays_and_is_not_doubled() -> None:
    own = policy({}, name="Ours", issue="service")
    Team.objects.create(name="CTO").members.add(person("ada"))
    forwards()
    assert EscalationPolicy.objects.get(issue="service") == own
    assert [str(member) for member in Team.objects.get(name="CTO").members.all()] == ["ada"]


def test_backwards_all_of_it_goes() -> None:
    forwards()
    backwards()
    assert not (EscalationPolicy.objects.exists() or Team.objects.exists() or Rota.objects.exists())


def test_backwards_what_was_changed_stays_with_what_it_needs() -> None:
    forwards()
    changed = EscalationPolicy.objects.get(issue="unknown")
    changed.levels.update(after_minutes=7)
    Team.objects.get(name="CISO").members.add(person("ada"))
    backwards()
    assert list(EscalationPolicy.objects.all()) == [changed]
    assert set(Team.objects.values_list("name", flat=True)) == {"CISO", "Dev Team Lead"}
    assert Rota.objects.exists()


def test_backwards_a_rota_with_people_stays() -> None:
    forwards()
    RotaMember.objects.create(rota=Rota.objects.get(), user=person("ada"))
    backwards()
    assert Rota.objects.exists()


@pytest.mark.parametrize(
    ("group", "contacts", "policies"), [("Viewer", False, False), ("Responder", True, False), ("Ops lead", True, True)]
)
def test_who_answers_pages_keeps_their_contacts_and_a_lead_keeps_the_rest(
    group: str, contacts: bool, policies: bool
) -> None:
    roles.create(apps, connection.schema_editor())
    forwards()
    user = make_user()
    user.groups.add(Group.objects.get(name=group))
    assert user.has_perm("incidents.change_contact") is contacts
    assert user.has_perm("incidents.change_escalationpolicy") is policies
    backwards()
    assert not Permission.objects.filter(codename="change_contact", group__name=group).exists()


def test_a_group_of_that_name_that_is_an_operators_own_gets_nothing() -> None:
    group = Group.objects.create(name="Responder")
    forwards()
    assert not group.permissions.exists()
