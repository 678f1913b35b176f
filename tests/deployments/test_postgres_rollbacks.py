"""Forward and back where SMS has PostgreSQL: it really works on the server, and so does the way back."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from docker import DockerClient

from backups.engines.postgres.engine import PostgresEngine
from backups.models import Backup
from deployments import selectors
from deployments.models import Release
from deployments.services import rehearsals, rollbacks
from deployments.services.ways_back import WaysBack
from deployments.steps import schema
from smsops.environments.database_url import DatabaseUrl
from smsops.models import Run, RunState
from smsops.runs.plan import By
from tests.backups.clusters import PASSWORD, Cluster, cluster
from tests.backups.conftest import big_school, school_server, server
from tests.backups.pg_schools import address, make_template, move_in, new_school
from tests.backups.test_postgres_row_runs import own_temporary_folder, servers
from tests.backups.test_postgres_runs import everything
from tests.backups.test_postgres_runs import left as databases_left
from tests.kills import kill_at_every_boundary
from tests.places import SECRET_KEY, DockerPlace, Place, drive
from tests.runtimes.acts import seen

__all__ = ["big_school", "own_temporary_folder", "school_server", "server"]
pytestmark = pytest.mark.postgres
BY = By(name="test")
OLD, NEW = "merge_accounts_soft_delete", "e82b46c1d7f0"
ANNOUNCED = "INSERT INTO announcements (title, body, author, created_at) VALUES ('A', 'B', 'C', '2026-03-01 10:00:00')"
CORE = ("students", "courses", "grades", "attendances", "course_enrollments")


@pytest.fixture
def newer(process_place: Place, server: Cluster, big_school: DatabaseUrl) -> Place:
    """1.19.0 runs, with something in what it brought."""
    process_place.environment.smoke_email = ""
    move_in(process_place, big_school, "1.19.0")
    server.execute(big_school.name, ANNOUNCED)
    server.execute(big_school.name, "UPDATE students SET guardian_phone = '0123' WHERE id <= 7")
    return process_place


@pytest.fixture
def older(process_place: Place, big_school: DatabaseUrl) -> Place:
    """1.18.1 runs."""
    process_place.environment.smoke_email = ""
    return move_in(process_place, big_school)


def state(url: DatabaseUrl) -> tuple[str, list[int]]:
    """The schema's revision, and how many rows there are of what must never go."""
    found = PostgresEngine(url).row_counts()
    return PostgresEngine(url).revision(), [found[table] for table in CORE]


def written(server: Cluster, url: DatabaseUrl) -> object:
    """How many rows were ever written there."""
    return server.execute(
        url.name, "SELECT sum(n_tup_ins), sum(n_tup_upd), sum(n_tup_del), sum(n_tup_hot_upd) FROM pg_stat_user_tables"
    )


def owners(server: Cluster, url: DatabaseUrl) -> object:
    """Who owns and may read what, and what is said about it: nothing of it is in the rows."""
    return server.execute(url.name, """
        SELECT relname, pg_get_userbyid(relowner), relacl::text, obj_description(oid) FROM pg_class
        WHERE relkind IN ('r', 'S') AND relnamespace = 'public'::regnamespace AND relname NOT LIKE 'announcements%'
        ORDER BY relname
    """)  # fmt: skip


def nothing_left(server: Cluster, url: DatabaseUrl) -> bool:
    return (databases_left(server, url), servers()) == (set(), [])


def test_the_schema_goes_back_and_rows_owners_and_rights_stay(
    newer: Place, server: Cluster, big_school: DatabaseUrl
) -> None:
    name = big_school.name
    server.execute("postgres", f"CREATE ROLE reader_of_{name}")
    server.execute(name, f"GRANT SELECT ON students TO reader_of_{name}; COMMENT ON TABLE grades IS 'Marks'")
    server.execute(name, f"CREATE ROLE owner_of_{name}; ALTER TABLE courses OWNER TO owner_of_{name}")
    rows, rights = state(big_school)[1], owners(server, big_school)
    run = newer.roll_back("1.18.1")
    assert run.state == RunState.SUCCEEDED, f"{run.headline} {run.cause}"
    assert (newer.running_version(), newer.serving(), state(big_school)) == ("1.18.1", True, (OLD, rows))
    assert owners(server, big_school) == rights
    assert "gone with the schema: announcements, students.guardian_phone" in run.headline
    kept = Backup.objects.get(identifier=run.facts["restore.archive"]["identifier"])
    assert (kept.schema_revision, kept.row_counts["announcements"]) == (NEW, 1)
    assert nothing_left(server, big_school)
    assert PASSWORD not in everything(run)


def test_the_gentlest_way_is_chosen_and_its_price_told(newer: Place, server: Cluster, big_school: DatabaseUrl) -> None:
    newer.back_up()
    before = written(server, big_school)
    code, back, restore = rollbacks.ways(newer.environment, "1.18.1")
    assert (code.open, back.open, restore.open) == (False, True, False)
    assert f"{NEW}, which 1.18.1 does not know" in code.why
    assert back.costs == ("announcements: 1 row is lost", "students.guardian_phone: 7 values are lost")
    assert rollbacks.plan(newer.environment, "1.18.1").params["strategy"] == "schema"
    assert rollbacks.plan(newer.environment, "1.20.3").params["strategy"] == "code"  # it knows the schema
    assert (written(server, big_school), nothing_left(server, big_school)) == (before, True)


def test_without_a_way_of_the_schema_a_backup_is_restored_and_what_is_lost_counted(
    older: Place, server: Cluster, big_school: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = state(big_school)[1]
    assert older.deploy("1.19.0").state == RunState.SUCCEEDED
    server.execute(big_school.name, ANNOUNCED)
    monkeypatch.setattr(WaysBack, "_closed", lambda *_: "It has no way back.")
    *_, restore = rollbacks.ways(older.environment, "1.18.1")
    assert "announcements: 1 more row now than then" in restore.costs
    run = older.roll_back("1.18.1")
    assert (run.state, run.params["strategy"]) == (RunState.SUCCEEDED, "restore"), f"{run.headline} {run.cause}"
    assert (older.running_version(), state(big_school)) == ("1.18.1", (OLD, rows))
    assert nothing_left(server, big_school)


@pytest.mark.parametrize(
    ("script", "verdict", "why"),
    [
        ("raise SystemExit('no such column: x')", RunState.SAFE, "The way back failed on the copy: no such column: x"),
        ("import os; os.environ['DATABASE_URL'] = LED; " + schema.DOWNGRADE, RunState.UNDONE, "whatever it is told"),
    ],
    ids=["while SMS runs", "with SMS stopped, led to the live database"],
)
def test_a_way_back_that_fails_leaves_sms_as_it_was(
    newer: Place,
    server: Cluster,
    big_school: DatabaseUrl,
    script: str,
    verdict: RunState,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    led = f"({address(big_school)!r} if '_smsops_' in os.environ['DATABASE_URL'] else os.environ['DATABASE_URL'])"
    monkeypatch.setattr(schema, "DOWNGRADE", script.replace("LED", led))
    before, was = seen(newer).id, state(big_school)
    run = newer.roll_back("1.18.1")
    assert (run.state, why in run.cause) == (verdict, True), f"{run.headline} {run.cause}"
    assert (seen(newer).id, newer.serving(), state(big_school)) == (before, True, was)
    assert server.execute(big_school.name, "SELECT count(guardian_phone) FROM students") == [(7,)]
    assert nothing_left(server, big_school)


def test_an_sms_that_cannot_be_led_to_a_copy_is_refused_while_it_runs(newer: Place, big_school: DatabaseUrl) -> None:
    newer.write_env(SECRET_KEY=SECRET_KEY, DATABASE_ENGINE="postgresql")
    before, was = seen(newer), state(big_school)
    run = newer.roll_back("1.18.1")
    assert run.state == RunState.SAFE, f"{run.headline} {run.cause}"
    assert "does not say on which PostgreSQL database it works" in run.cause
    assert (seen(newer), state(big_school)) == (before, was)


@pytest.mark.slow
def test_a_schema_rollback_survives_a_kill_at_every_boundary(
    newer: Place, server: Cluster, big_school: DatabaseUrl
) -> None:
    revision, rows = state(big_school)
    run = rollbacks.start(newer.environment, BY, "1.18.1", "schema")
    deaths = kill_at_every_boundary(run, lambda: str(state(big_school)))
    assert run.state == RunState.SUCCEEDED, f"{run.headline} {run.cause}"
    assert set(deaths.seen) == {str((revision, rows)), str((OLD, rows))}  # the one or the other, never one between
    assert (newer.running_version(), newer.serving()) == ("1.18.1", True)
    assert {"schema.copy:acted", "schema.downgrade:acted", "schema.stage:acted", "restore.swap:acted"} <= deaths.at
    assert nothing_left(server, big_school)


def rehearsed(place: Place, version: str) -> tuple[Release, Run]:
    release = selectors.find(place.environment, version)
    return release, drive(rehearsals.start(release, BY), patience=180)


def test_a_rehearsal_goes_up_and_back_on_a_server_of_its_own(
    older: Place, server: Cluster, big_school: DatabaseUrl
) -> None:
    older.back_up()
    before, was, rows = seen(older), state(big_school), written(server, big_school)
    release, run = rehearsed(older, "1.19.0")
    assert run.state == RunState.SUCCEEDED, f"{run.headline} {run.cause}"
    assert run.facts["rehearsal.compare"]["schema_revision"] == NEW
    assert run.facts["rehearsal.back"]["schema_revision"] == OLD
    assert [run.facts["rehearsal.compare"]["row_counts"][table] for table in CORE] == was[1]
    assert (seen(older), state(big_school), written(server, big_school)) == (before, was, rows)
    assert (rehearsals.verdict(release)[0], nothing_left(server, big_school)) == (True, True)


@pytest.fixture
def unguarded(older: Place, server: Cluster, big_school: DatabaseUrl) -> Place:
    """Without the foreign keys that keep 1.20.7 from deleting students."""
    server.execute(big_school.name, """
        DO $$ DECLARE each record; BEGIN
            FOR each IN SELECT conrelid::regclass AS of, conname FROM pg_constraint WHERE contype = 'f' LOOP
                EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', each.of, each.conname);
            END LOOP;
        END $$
    """)  # fmt: skip
    return older


def test_a_release_that_loses_rows_is_found_out_in_its_rehearsal(
    unguarded: Place, server: Cluster, big_school: DatabaseUrl
) -> None:
    unguarded.back_up()
    _, run = rehearsed(unguarded, "1.20.7")
    assert "1.20.7 loses rows when it upgrades: " in run.cause
    assert "students: " in run.cause
    assert nothing_left(server, big_school)


def test_a_broken_release_is_undone_with_its_migration_and_every_row(
    unguarded: Place, server: Cluster, big_school: DatabaseUrl
) -> None:
    was = state(big_school)
    run = unguarded.deploy("1.20.7")  # it migrates, and then it deletes students
    assert run.state == RunState.UNDONE, f"{run.headline} {run.cause}"
    assert "SMS counts 134 in students, where there were before 200" in run.cause
    assert "The data of before was put back" in run.steps.get(kind="data.hold").output
    assert (unguarded.running_version(), unguarded.serving(), state(big_school)) == ("1.18.1", True, was)
    assert nothing_left(server, big_school)


@pytest.fixture
def bridged() -> Iterator[Cluster]:
    """A server that containers reach as well."""
    with cluster("listen_addresses='*'") as found:
        with (found.folder / "data" / "pg_hba.conf").open("a") as file:
            file.write("host all all 172.16.0.0/12 scram-sha-256\n")
        found.execute("postgres", "SELECT pg_reload_conf()")
        yield found


def host_on_the_bridge() -> str:
    """This machine as containers see it; an engine may name the range alone, of which it has the first address."""
    with contextlib.closing(DockerClient(settings.SMSOPS_DOCKER_HOST)) as client:
        (config,) = client.networks.get("bridge").attrs["IPAM"]["Config"]
    return str(config.get("Gateway") or next(ipaddress.ip_network(config["Subnet"]).hosts()))


@pytest.mark.docker
def test_in_containers_the_newer_release_reaches_the_server_as_sms_does(
    docker_place: DockerPlace, bridged: Cluster, releases_path: Path, school: Path
) -> None:
    make_template(bridged, releases_path / "1.18.1", school)
    url = new_school(bridged)
    gateway = host_on_the_bridge()
    docker_place.environment.smoke_email = ""
    move_in(docker_place, url, "1.19.0", host=gateway)
    was = state(url)
    run = docker_place.roll_back("1.18.1")
    assert run.state == RunState.SUCCEEDED, f"{run.headline} {run.cause}"
    assert (docker_place.running_version(), docker_place.serving(), state(url)) == ("1.18.1", True, (OLD, was[1]))
    assert [each.name for each in docker_place.runtime.instances() if "downgrade" in each.name] == []
    assert nothing_left(bridged, url)
