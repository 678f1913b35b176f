"""Every list of the admin, whoever registers it, and every page asks the database as often for many environments as for
few."""

from __future__ import annotations

import pytest

from bench.scale import filling, looking
from bench.scale.looking import Person
from bench.scale.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("asked_behind_its_back")]


def filled(environments: int) -> Person:
    """Somebody who looks at this many environments of two days."""
    filling.fill(World(environments, days=2, deploys=400, incidents=400, alerts=400, audits=200))
    return Person()


def questions(environments: int) -> dict[str, int]:
    """By list."""
    person = filled(environments)
    for address in looking.lists():
        person.open(address, address)  # what is asked once in a process is asked now
    return {address: person.count(person.open(address, address)) for address in looking.lists()}


def of_pages(environments: int) -> dict[str, int]:
    """By page."""
    person = filled(environments)
    return {name: person.count(person.open(name, address)) for name, address in looking.rows()}


def test_no_list_asks_more_often_for_thirty_environments_than_for_three() -> None:
    few = questions(3)
    many = questions(30)
    assert len(few) > 20
    assert {address: (few[address], many[address]) for address in few if many[address] != few[address]} == {}


def test_no_page_asks_more_often_for_thirty_environments_than_for_four() -> None:
    few = of_pages(4)
    many = of_pages(30)
    assert len(few) > 20
    assert {name: (few[name], many[name]) for name in few if many[name] != few[name]} == {}


def test_what_is_made_is_as_large_as_it_is_asked_for_and_the_same_every_time() -> None:
    filling.fill(World(2, days=2))
    rows = {name: count for name, count, _ in filling.tables()}
    assert rows["smsops_environment"] == 2
    assert rows["backups_backup"] == 2 * 2 * 96
    assert rows["smsops_step"] > rows["smsops_run"] > rows["backups_backup"]
