"""Leases with fencing tokens: one worker at a time, and an old one can tell."""

from __future__ import annotations

import os
import threading
from datetime import datetime, timedelta

import pytest
from django.conf import settings as live
from django.db import connection, connections, transaction
from django.utils import timezone
from pytest_django import Settings

import smsops.celery  # noqa: F401  (makes the scheme `folder` known)
from smsops.errors import LeaseLost
from smsops.models import Lease
from smsops.runs import leases
from smsops.runs.leases import Held
from tests.places import wait_for
from tests.smsops.crowd import forked, together

SCOPE = "environment:1"
LONG_AGO = timedelta(seconds=-1)


def _free(scope: str = SCOPE) -> None:
    """A lease that somebody held before."""
    Lease.objects.get_or_create(scope=scope, defaults={"expires_at": timezone.now() + LONG_AGO})


def _claim(scope: str = SCOPE) -> Held:
    _free(scope)
    held = leases.claim(scope)
    assert held is not None
    return held


def _expire() -> None:
    Lease.objects.update(expires_at=timezone.now() + LONG_AGO)


@pytest.mark.django_db
def test_a_free_lease_is_given_and_a_held_one_is_not() -> None:
    held = _claim()
    assert held.scope == SCOPE
    assert leases.claim(SCOPE) is None
    held.check()


@pytest.mark.django_db
def test_a_lease_nobody_ever_held_is_given_at_the_first_try(monkeypatch: pytest.MonkeyPatch) -> None:
    # Looking for the dead only passes the time here, in which a coarse clock could catch up with a fine one.
    monkeypatch.setattr(leases, "release_dead", lambda **_: None)
    assert all(leases.claim(f"run:{number}") for number in range(100))


@pytest.mark.django_db
def test_leases_on_other_scopes_do_not_matter() -> None:
    scopes = ["environment:1", "environment:2", "run:1"]
    held = [_claim(scope) for scope in scopes]
    assert [(each.scope, each.token) for each in held] == [(scope, 1) for scope in scopes]


@pytest.mark.django_db
def test_the_token_grows_with_every_change_of_hands_and_never_falls() -> None:
    tokens = []
    for _ in range(3):
        held = _claim()
        tokens.append(held.token)
        leases.release(held)
    _claim()
    _expire()
    assert tokens == [1, 2, 3]
    assert _claim().token == 5


@pytest.mark.django_db(transaction=True)
def test_of_twenty_threads_exactly_one_gets_the_lease(settings: Settings) -> None:
    settings.SMSOPS_LEASE_SECONDS = 60
    _free()
    given = [held for held in together(20, lambda: leases.claim(SCOPE)) if held is not None]
    assert len(given) == 1
    assert given[0].token == Lease.objects.get().token == 1


@pytest.mark.django_db(transaction=True)
def test_of_twenty_threads_exactly_one_takes_over_an_expired_lease(settings: Settings) -> None:
    settings.SMSOPS_LEASE_SECONDS = 60
    _claim()
    _expire()
    given = [held for held in together(20, lambda: leases.claim(SCOPE)) if held is not None]
    assert [held.token for held in given] == [2]


@pytest.mark.django_db
def test_who_was_taken_over_can_neither_check_nor_renew_nor_release() -> None:
    old = _claim()
    _expire()
    new = _claim()
    with pytest.raises(LeaseLost):
        old.check()
    assert not leases.renew(old)
    leases.release(old)
    new.check()


@pytest.mark.django_db
def test_who_lost_its_lease_does_not_get_it_back_when_the_other_is_done() -> None:
    old = _claim()
    _expire()
    leases.release(_claim())
    with pytest.raises(LeaseLost):
        old.check()
    assert not leases.renew(old)


@pytest.mark.django_db
def test_an_expired_lease_nobody_took_is_still_its_holder_s() -> None:
    held = _claim()
    _expire()
    held.check()
    assert leases.renew(held)
    assert leases.claim(SCOPE) is None


@pytest.mark.django_db
def test_check_holds_inside_a_transaction_too() -> None:
    held = _claim()
    with transaction.atomic():
        held.check()
    Lease.objects.update(token=9)
    with pytest.raises(LeaseLost, match=f"{SCOPE} #1"), transaction.atomic():
        held.check()


@pytest.mark.django_db
def test_who_was_told_that_the_lease_is_lost_believes_it() -> None:
    held = _claim()
    held.lost.set()
    with pytest.raises(LeaseLost):
        held.check()


@pytest.mark.django_db
def test_a_released_lease_is_free_at_once() -> None:
    leases.release(_claim())
    assert _claim().token == 2


@pytest.mark.django_db
def test_a_renewed_lease_lasts_for_the_time_of_the_settings(settings: Settings) -> None:
    held = _claim()
    settings.SMSOPS_LEASE_SECONDS = 500
    assert leases.renew(held)
    left = Lease.objects.get().expires_at - timezone.now()
    assert timedelta(seconds=490) < left <= timedelta(seconds=500.1)


@pytest.mark.django_db(transaction=True)
def test_the_lease_of_a_dead_process_is_taken_at_once(settings: Settings) -> None:
    settings.SMSOPS_LEASE_SECONDS = 600
    assert forked(1, lambda: _claim()) == [0]
    assert Lease.objects.get().expires_at > timezone.now() + timedelta(seconds=500)
    assert _claim().token == 2


@pytest.mark.django_db(transaction=True)
def test_the_lease_of_a_living_process_is_not(settings: Settings) -> None:
    settings.SMSOPS_LEASE_SECONDS = 600
    claimed, done = os.pipe(), os.pipe()
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        _claim_and_live(claimed[1], done[0])
    assert os.read(claimed[0], 1) == b"1"
    assert leases.claim(SCOPE) is None
    os.write(done[1], b"1")
    os.waitpid(pid, 0)
    assert _claim().token == 2
    for end in (*claimed, *done):
        os.close(end)


def _claim_and_live(tell: int, end: int) -> None:
    try:
        _claim()
        os.write(tell, b"1")
        os.read(end, 1)
    finally:
        os._exit(0)


@pytest.mark.django_db
def test_releasing_the_dead_leaves_leases_of_others_alone() -> None:
    _claim()
    Lease.objects.create(scope="run:9", token=4, holder="elsewhere|other.1|1|1|x", expires_at=_soon())
    leases.release_dead()
    assert not Lease.objects.filter(holder="").exists()


def _soon() -> datetime:
    return timezone.now() + timedelta(seconds=60)


@pytest.mark.django_db(transaction=True)
def test_keeping_renews_while_the_work_goes_on_and_releases_after_it(settings: Settings) -> None:
    settings.SMSOPS_LEASE_SECONDS = 0.3
    held = _claim()
    first = Lease.objects.get().expires_at
    with leases.keeping(held):
        wait_for(lambda: Lease.objects.get().expires_at > first + timedelta(seconds=0.5), "several renewals")
        held.check()
    assert Lease.objects.get().holder == ""
    assert _claim().token == 2


@pytest.mark.django_db(transaction=True)
def test_keeping_notices_that_the_lease_was_taken(settings: Settings) -> None:
    settings.SMSOPS_LEASE_SECONDS = 0.3
    held = _claim()
    with leases.keeping(held):
        Lease.objects.update(token=7, holder="another")
        wait_for(held.lost.is_set, "the loss to be noticed")
        with pytest.raises(LeaseLost):
            held.check()
    assert Lease.objects.get().holder == "another"


@pytest.mark.django_db
def test_keeping_releases_when_the_work_fails_and_leaves_no_thread() -> None:
    held = _claim()
    with pytest.raises(ZeroDivisionError), leases.keeping(held):
        raise ZeroDivisionError
    assert Lease.objects.get().holder == ""
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lease ")]


def test_the_tests_run_with_short_leases() -> None:
    assert live.SMSOPS_LEASE_SECONDS <= 10


@pytest.mark.django_db(transaction=True)
def test_a_lease_is_kept_although_its_connection_broke_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """leases.py, _renew_until(): nobody closes the broken connection, so every later turn fails on it as well
    (seen on PostgreSQL after pg_terminate_backend); InterfaceError, which psycopg raises, is no DatabaseError."""

    def renew(held: Held) -> bool:
        if not broken:
            broken.append(True)
            connection.ensure_connection()
            connection.connection.close()
        return usual(held)

    broken: list[bool] = []
    usual = leases.renew
    monkeypatch.setattr(leases, "renew", renew)
    settings.SMSOPS_LEASE_SECONDS = 0.3
    held = leases.claim("environment:1")
    assert held is not None
    first = Lease.objects.get().expires_at
    with leases.keeping(held):
        wait_for(lambda: Lease.objects.get().expires_at > first + timedelta(seconds=0.5), "a renewal")
