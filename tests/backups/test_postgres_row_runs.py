"""Rows of a backup go back into PostgreSQL while SMS runs: by a run, with a backup before, all of them or none."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from backups.engines.postgres.engine import PostgresEngine
from backups.engines.postgres.scratch import ScratchServer
from backups.models import Backup
from backups.services import recoveries
from smsops.environments.database_url import DatabaseUrl
from smsops.models import Run, RunState
from smsops.runs.plan import By
from tests.admin.browser import Browser
from tests.admin.test_row_pages import pressed, put_back_links
from tests.backups.clusters import PASSWORD, Cluster
from tests.backups.test_postgres_runs import everything, left
from tests.factories import make_admin
from tests.kills import kill_at_every_boundary
from tests.ops.conftest import ops, worker
from tests.ops.terminal import Terminal
from tests.places import Place, drive
from tests.runtimes.acts import seen

__all__ = ["ops", "worker"]
pytestmark = pytest.mark.postgres
BY = By(name="test")
HANGING = ("grades", "attendances", "course_enrollments", "daily_performances", "highlights")


def delete_students(server: Cluster, url: DatabaseUrl, where: str = "id <= 20") -> None:
    for table in HANGING:
        server.execute(url.name, f"DELETE FROM {table} WHERE student_id IN (SELECT id FROM students WHERE {where})")
    server.execute(url.name, f"DELETE FROM students WHERE {where}")


@pytest.fixture(autouse=True)
def own_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Scratch servers live below it: those of other tests, which run beside these, are told apart by it."""
    with tempfile.TemporaryDirectory(prefix="smsops-tests-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)  # the servers run as somebody else
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.fixture
def bereft(server_sms: Place, server: Cluster, big_school: DatabaseUrl) -> Backup:
    """SMS runs, a backup is there, and twenty students are gone with all that hung on them."""
    server_sms.back_up()
    delete_students(server, big_school)
    return Backup.objects.latest("taken_at")


def counts(url: DatabaseUrl) -> dict[str, int]:
    found = PostgresEngine(url).row_counts()
    return {table: found[table] for table in ("students", *HANGING)}


def of(backup: Backup) -> dict[str, int]:
    """The same counts, as they were in the backup."""
    return {table: backup.row_counts[table] for table in ("students", *HANGING)}


def put_back(backup: Backup, **how: bool) -> Run:
    return recoveries.put_back(backup, {"students": ["removed"]}, BY, **{"with_children": True, **how})


def nothing_left() -> bool:
    """No scratch server, no folder of a run."""
    folders = {path.name for path in Path(settings.SMSOPS_WORK_DIR).iterdir()}
    return folders == {"images"} and not servers()


def servers() -> list[str]:
    """The scratch servers begun by these tests."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            lines.append(path.read_bytes())
    places = [str(settings.SMSOPS_WORK_DIR).encode(), f"{tempfile.gettempdir()}/smsops-scratch".encode()]
    return [line.decode() for line in lines if b"postgres" in line and any(place in line for place in places)]


def test_a_comparison_counts_what_is_gone_and_changes_nothing(
    bereft: Backup, big_school: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = counts(big_school)
    begun: list[str] = []
    begin = ScratchServer.begin

    def noted(*args: Any) -> dict[str, int]:
        rows = begin(*args)
        begun.extend(servers())
        return rows

    monkeypatch.setattr(ScratchServer, "begin", noted)
    run = drive(recoveries.compare(bereft, BY))
    assert (run.state, bool(begun)) == (RunState.SUCCEEDED, True), run.headline
    told = {each["table"]: each for each in run.facts["rows.compare"]["tables"]}
    assert (told["students"]["removed"], told["students"]["before"]) == (20, 200)
    assert "20 students" in run.headline
    assert (counts(big_school), nothing_left()) == (before, True)


def test_rows_come_back_with_what_hangs_on_them_while_sms_runs(
    bereft: Backup, server_sms: Place, server: Cluster, big_school: DatabaseUrl
) -> None:
    before = seen(server_sms)
    run = drive(put_back(bereft))
    assert run.state == RunState.SUCCEEDED, f"{run.headline} {run.cause}"
    assert run.headline.startswith("Back again: 20 students")
    assert (counts(big_school), seen(server_sms), server_sms.serving()) == (of(bereft), before, True)
    assert (left(server, big_school), nothing_left()) == (set(), True)
    assert PASSWORD not in everything(run)


def test_without_what_hangs_on_them_only_the_rows_come_back(bereft: Backup, big_school: DatabaseUrl) -> None:
    before = counts(big_school)
    run = drive(put_back(bereft, with_children=False))
    assert counts(big_school) == before | {"students": 200}
    assert run.facts["rows.plan"]["offered"]["grades"] > 0


def test_a_preview_changes_nothing_and_says_what_would_go_back(bereft: Backup, big_school: DatabaseUrl) -> None:
    before = counts(big_school)
    run = drive(put_back(bereft, dry_run=True))
    assert "20 students" in run.headline
    assert counts(big_school) == before


def test_a_row_whose_place_is_taken_stops_everything_and_is_named(
    bereft: Backup, server: Cluster, big_school: DatabaseUrl
) -> None:
    server.execute(big_school.name, """
        CREATE TEMP TABLE was AS SELECT email FROM students WHERE id = 199; UPDATE students SET email = NULL
        WHERE id = 199; UPDATE students SET email = (SELECT email FROM was) WHERE id = 150
    """)  # fmt: skip
    delete_students(server, big_school, "id = 199")
    before = counts(big_school)
    run = drive(put_back(bereft))
    assert run.state == RunState.SAFE, run.headline
    assert "Row 199 of students cannot come back: its email belongs to row 150 now." in run.cause
    assert (counts(big_school), nothing_left()) == (before, True)


@pytest.mark.slow
def test_a_recovery_survives_a_kill_at_every_boundary(bereft: Backup, big_school: DatabaseUrl) -> None:
    run = put_back(bereft)
    deaths = kill_at_every_boundary(run, lambda: counts(big_school)["students"])
    assert run.state == RunState.SUCCEEDED, f"{run.headline} {run.cause}"
    assert counts(big_school) == of(bereft)
    assert set(deaths.seen) == {180, 200}
    assert nothing_left()


def test_three_clicks_in_the_admin_bring_them_back(bereft: Backup, big_school: DatabaseUrl) -> None:
    browser = Browser(make_admin())
    compared = pressed(browser, bereft, "compare")
    (*_, link) = put_back_links(browser.get(compared.get_absolute_url()))
    assert link.endswith("?table=students&which=removed")
    pressed(browser, bereft, "put-back", table="students", which="removed", with_children="on", only_look="on")
    pressed(browser, bereft, "put-back", table="students", which="removed", with_children="on")
    assert counts(big_school) == of(bereft)


def test_the_command_compares_and_puts_back(
    bereft: Backup, server_sms: Place, ops: Terminal, worker: None, big_school: DatabaseUrl
) -> None:
    found = ops("compare", server_sms.name, "--json").document
    assert {each["table"]: each["removed"] for each in found["tables"]}["students"] == 20
    said = ops("put-back", server_sms.name, "--table", "students", "--key", 7, "--with-children", "--wait")
    assert (said.code, counts(big_school)["students"]) == (0, 181)
    words = ("--backup", bereft.identifier, "--table", "students", "--removed", "--with-children", "--wait")
    again = ops("put-back", server_sms.name, *words)
    assert (again.code, counts(big_school)) == (0, of(bereft))
