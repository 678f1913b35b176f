"""Many write at once: no fork, no gap, nobody deadlocks."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import pytest_django
from django.db import connections, transaction

from smsops.audit import record, verifying
from smsops.models import AuditEntry, Environment
from tests.backups.clusters import cluster
from tests.deaths.victims import rows_in
from tests.factories import make_environment

WRITERS, EACH = 8, 15


def write(number: int, environment: Environment) -> None:
    """What a form does: change a row everybody changes, then add the entry; every fifth one thinks better of it."""
    for turn in range(EACH):
        try:
            with transaction.atomic():
                Environment.objects.filter(pk=environment.pk).update(title=f"{number}/{turn}")
                record("environment.change", environment, reason=f"{number}/{turn}")
                if turn % 5 == 4:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            continue


def all_at_once(work: Callable[[int], None]) -> list[BaseException]:
    """Let all writers begin together; what went wrong."""
    ready, wrong = threading.Barrier(WRITERS), list[BaseException]()

    def run(number: int) -> None:
        try:
            ready.wait()
            work(number)
        except BaseException as error:
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[number]) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


WANTED = [*range(1, WRITERS * EACH * 4 // 5 + 1)]


def a_crowd_writes() -> list[int]:
    """The numbers of the entries in the end, in order."""
    environment = make_environment()
    assert all_at_once(lambda number: write(number, environment)) == []
    return list(AuditEntry.objects.order_by("sequence").values_list("sequence", flat=True))


@pytest.mark.django_db(transaction=True)
def test_a_crowd_writes_one_chain() -> None:
    assert a_crowd_writes() == WANTED
    assert verifying.database().whole


@pytest.mark.postgres
def test_a_crowd_writes_one_chain_in_postgresql(django_db_blocker: pytest_django.DjangoDbBlocker) -> None:
    with django_db_blocker.unblock(), cluster() as server, rows_in(server):
        assert a_crowd_writes() == WANTED
        assert verifying.database().whole
