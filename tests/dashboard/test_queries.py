"""The dashboard asks as little of a thousand environments as of one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from incidents.services import life
from smsops.models import Environment
from tests.dashboard.pages import INDEX, a_busy_environment, address_of, questions
from tests.factories import make_admin, make_viewer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("asked_behind_its_back")]

MOST, MOST_OF_ONE, MOST_AGAIN = 12, 24, 12  # of the whole page, the session and the person's permissions included


@pytest.mark.parametrize("kind_of_user", [make_admin, make_viewer])
def test_ten_and_two_hundred_environments_cost_as_many_queries_as_one(kind_of_user: Callable[[], User]) -> None:
    user = kind_of_user()
    life.note_beat()
    a_busy_environment()
    first = questions(user, reverse(INDEX))
    for _ in range(9):
        a_busy_environment()
    assert questions(user, reverse(INDEX)) == first <= MOST
    rows = [Environment(name=f"school-{number}", host_port=9000 + number) for number in range(190)]
    Environment.objects.bulk_create(rows)
    assert questions(user, reverse(INDEX)) == first


@pytest.mark.parametrize("kind_of_user", [make_admin, make_viewer])
def test_the_dashboard_of_one_costs_few_queries(kind_of_user: Callable[[], User]) -> None:
    environment = a_busy_environment()
    assert questions(kind_of_user(), address_of(environment)) <= MOST_OF_ONE


@pytest.mark.parametrize("kind_of_user", [make_admin, make_viewer])
def test_what_the_page_asks_again_and_again_costs_fewer_still(kind_of_user: Callable[[], User]) -> None:
    environment = a_busy_environment()
    user = kind_of_user()
    assert questions(user, reverse("admin:incidents_dashboard_live")) <= MOST_AGAIN
    assert questions(user, address_of(environment, "_live")) <= MOST_AGAIN
