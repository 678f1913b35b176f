"""Restores beside a live PostgreSQL database, and the exchange while others will not leave it alone."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest

from backups.engines.postgres.engine import PostgresEngine
from backups.engines.postgres.exchange import Exchange
from backups.engines.postgres.names import Names
from smsops.environments.database_url import DatabaseUrl
from smsops.errors import OpsError
from tests.backups.clusters import Cluster
from tests.places import wait_for

pytestmark = pytest.mark.postgres


@pytest.fixture
def dump(school_url: DatabaseUrl, tmp_path: Path) -> Path:
    PostgresEngine(school_url).snapshot(tmp_path / "dump")
    return tmp_path / "dump"


def staged(url: DatabaseUrl, dump: Path, run: int = 7) -> Exchange:
    exchange = Exchange(url, run)
    exchange.fill(dump)
    exchange.prove()
    return exchange


def test_a_pool_that_connects_again_and_again_does_not_stop_the_exchange(
    server: Cluster, school_url: DatabaseUrl, dump: Path
) -> None:
    ended, connected = threading.Event(), []

    def come_back() -> None:
        while not ended.is_set():
            try:
                with server.connect(school_url.name) as connection:
                    while not ended.is_set():
                        connected.append(connection.execute("SELECT oid FROM pg_database").rowcount)
            except psycopg.Error:
                continue

    pool = [threading.Thread(target=come_back, daemon=True) for _ in range(4)]
    for each in pool:
        each.start()
    wait_for(lambda: connected, "the pool")
    server.execute(school_url.name, "DELETE FROM grades")
    try:
        staged(school_url, dump).swap()
    finally:
        ended.set()
        for each in pool:
            each.join()
    assert server.execute(school_url.name, "SELECT count(*) FROM grades") == [(50,)]


def test_a_worker_that_was_overtaken_finds_nothing_to_exchange(
    server: Cluster, school_url: DatabaseUrl, dump: Path
) -> None:
    late, other = staged(school_url, dump), Exchange(school_url, 7)
    server.execute(school_url.name, "DELETE FROM grades")
    other.swap()
    other.put_back(other.names.old)
    with pytest.raises(OpsError, match="There is no database"):
        late.swap()
    assert server.execute(school_url.name, "SELECT count(*) FROM grades") == [(0,)]
    assert server.databases() & {other.names.old, other.names.new, other.names.gone} == set()


def test_half_of_an_exchange_does_not_happen(server: Cluster, school_url: DatabaseUrl, dump: Path) -> None:
    exchange = staged(school_url, dump)
    server.execute("postgres", f'CREATE DATABASE "{exchange.names.old}"')
    with pytest.raises(OpsError, match="already exists"):
        exchange.swap()
    assert {school_url.name, exchange.names.new} <= server.databases()
    assert server.students(school_url) == 50


def test_owner_settings_and_rights_of_the_database_stay(server: Cluster, school_url: DatabaseUrl, dump: Path) -> None:
    name = school_url.name
    for statement in (
        f"CREATE ROLE owner_of_{name} LOGIN",
        f"ALTER DATABASE {name} OWNER TO owner_of_{name}",
        f"ALTER DATABASE {name} SET search_path TO extra, public",
        f"ALTER DATABASE {name} SET work_mem TO '9MB'",
        f"ALTER DATABASE {name} CONNECTION LIMIT 77",
        f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC",
    ):
        server.execute("postgres", statement)
    about = f"""SELECT pg_get_userbyid(datdba), datconnlimit, encoding, datcollate, setconfig,
        has_database_privilege('public', d.oid, 'CONNECT')
        FROM pg_database d LEFT JOIN pg_db_role_setting ON setdatabase = d.oid WHERE datname = '{name}'"""
    before = server.execute("postgres", about)
    staged(school_url, dump).swap()
    assert server.execute("postgres", about) == before
    assert before[0][5] is False


def test_a_user_who_may_not_create_databases_is_told_what_to_do(
    server: Cluster, school_url: DatabaseUrl, dump: Path
) -> None:
    server.execute("postgres", f"CREATE ROLE weak_{school_url.name} LOGIN PASSWORD 'x'")
    weak = server.url(school_url.name, f"weak_{school_url.name}", "x")
    with pytest.raises(OpsError, match="may not create databases") as raised:
        Exchange(weak, 7).fill(dump)
    assert "CREATEDB" in raised.value.fix


def test_who_may_not_copy_the_live_database_is_told_so_beforehand(server: Cluster, school_url: DatabaseUrl) -> None:
    role = f"maker_of_{school_url.name}"
    server.execute("postgres", f"CREATE ROLE {role} LOGIN PASSWORD 'x' CREATEDB")
    exchange = Exchange(server.url(school_url.name, role, "x"), 7)
    with pytest.raises(OpsError, match=f"may not copy {school_url.name}") as raised:
        exchange.refuse_to_copy()
    assert f"OWNER TO {role}" in raised.value.fix
    server.execute("postgres", f"ALTER DATABASE {school_url.name} OWNER TO {role}")
    exchange.refuse_to_copy()


def test_a_copy_is_made_anew_and_takes_the_live_ones_place(server: Cluster, school_url: DatabaseUrl) -> None:
    exchange = Exchange(school_url, 7)
    exchange.copy(exchange.names.back)
    server.execute(exchange.names.back, "DELETE FROM grades")
    exchange.copy(exchange.names.back)
    assert server.execute(exchange.names.back, "SELECT count(*) FROM grades") == [(50,)]
    server.execute(exchange.names.back, "DELETE FROM grades WHERE id > 9")
    exchange.prove(exchange.names.back)
    exchange.swap()
    assert server.execute(school_url.name, "SELECT count(*) FROM grades") == [(9,)]
    exchange.put_back(exchange.names.old)
    assert server.execute(school_url.name, "SELECT count(*) FROM grades") == [(50,)]


def test_an_owner_who_is_no_administrator_restores_what_is_his(server: Cluster, tmp_path: Path) -> None:
    server.execute("postgres", "CREATE ROLE plain LOGIN PASSWORD 'x' CREATEDB")
    server.execute("postgres", "CREATE DATABASE plain_school OWNER plain")
    url = server.url("plain_school", "plain", "x")
    server.execute("plain_school", "SET ROLE plain; CREATE TABLE students AS SELECT 1 AS id")
    PostgresEngine(url).snapshot(tmp_path / "dump")
    staged(url, tmp_path / "dump").swap()
    owner = server.execute("plain_school", "SELECT tableowner FROM pg_tables WHERE tablename = 'students'")
    assert owner == [("plain",)]


def test_a_restore_that_fails_in_the_middle_proves_nothing(
    server: Cluster, school_url: DatabaseUrl, dump: Path
) -> None:
    content = dump.read_bytes()
    dump.write_bytes(content.replace(b"\t5\n", b"\tx\n", 1))
    exchange = Exchange(school_url, 7)
    with pytest.raises(OpsError, match="invalid input syntax"):
        exchange.fill(dump)
    assert exchange.names.new not in server.databases()


def test_the_live_database_is_never_dropped(server: Cluster, school_url: DatabaseUrl) -> None:
    with pytest.raises(OpsError, match="never dropped"):
        Exchange(school_url, 7).drop(school_url.name)
    assert server.students(school_url) == 50


def test_names_fit_the_server_and_differ_however_long_the_databases_name_is() -> None:
    names = Names("ä" * 40, 123456)
    every = {names.part, names.new, names.old, names.gone, names.hold, names.back}
    assert len(every) == 6
    assert all(len(name.encode()) <= 63 for name in every)
