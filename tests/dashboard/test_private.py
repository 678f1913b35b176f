"""A private incident is on no dashboard of somebody who may not see it: neither its title nor that there is one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from smsops.models import Environment
from tests.admin.browser import Browser
from tests.dashboard.pages import a_well_environment, address_of
from tests.factories import make_action_item, make_admin, make_incident, make_postmortem, make_run, make_user

pytestmark = pytest.mark.django_db

WORD = "Zanzibar"
PLACES = ("index", "live", "later", "of", "of live", "of later")


def everybody_but() -> User:
    user = make_user()
    user.user_permissions.set(Permission.objects.exclude(codename="see_private_incident"))
    return user


def hidden(environment: Environment) -> None:
    """A private incident with all that may follow one."""
    incident = make_incident(environment, title=f"{WORD} keys were stolen", private=True, issue="service")
    due = timezone.now() - timedelta(days=1)
    make_action_item(incident, title=f"Rotate the {WORD} keys", due_at=due)
    make_postmortem(incident, due_at=due)
    make_run(environment, kind="evidence", title=WORD, state="running", exclusive=False,
             params={"incident": incident.pk})  # fmt: skip


def text_of(environment: Environment, place: str, user: User) -> str:
    part, _, rest = place.partition(" ")
    if part == "of":
        address = address_of(environment, f"_{rest}" if rest else "")
    else:
        address = reverse("admin:index" if part == "index" else f"admin:incidents_dashboard_{part}")
    found = Browser(user).client.get(address)
    assert found.status_code == 200
    return str(found.content.decode())


@pytest.mark.parametrize("place", PLACES)
def test_nothing_of_it_is_told(place: str) -> None:
    environment = a_well_environment(name="school")
    hidden(environment)
    assert WORD not in text_of(environment, place, everybody_but())


@pytest.mark.parametrize("place", ["index", "live", "of", "of live"])
def test_who_may_see_it_is_told(place: str) -> None:
    environment = a_well_environment()
    hidden(environment)
    assert WORD in text_of(environment, place, make_admin())


@pytest.mark.parametrize("place", ["index", "of"])
def test_without_it_all_would_be_well_so_all_is_well(place: str) -> None:
    environment = a_well_environment()
    hidden(environment)
    assert "All is well" in text_of(environment, place, everybody_but())


def test_it_is_in_no_count_and_no_plot() -> None:
    environment = a_well_environment()
    user = everybody_but()
    before = text_of(environment, "later", user)
    hidden(environment)
    assert text_of(environment, "later", user) == before
