"""Dumps of a real PostgreSQL: exact while people write, and one clear sentence for each thing that goes wrong."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from backups.engines.postgres import complaints, dumps, programs
from backups.engines.postgres.engine import PostgresEngine
from backups.engines.postgres.exchange import Exchange
from backups.errors import BackupDamaged
from smsops.environments.database_url import DatabaseUrl
from smsops.errors import OpsError
from tests.backups.clusters import PASSWORD, REVISION, Cluster
from tests.places import free_port, wait_for
from tests.runtimes.acts import fill

pytestmark = pytest.mark.postgres


@contextlib.contextmanager
def writing(server: Cluster, url: DatabaseUrl) -> Iterator[None]:
    """Somebody who adds a student with a grade, and a grade more, in each of many transactions."""
    ended = threading.Event()

    def work() -> None:
        with server.connect(url.name) as connection:
            while not ended.is_set():
                with connection.transaction():
                    connection.execute("INSERT INTO students (name) VALUES ('new')")
                    connection.execute("INSERT INTO grades (student, mark) SELECT max(id), 1 FROM students")

    writer = threading.Thread(target=work)
    writer.start()
    try:
        wait_for(lambda: server.students(url) > 60, "the writer")
        yield
    finally:
        ended.set()
        writer.join()


def refused(url: DatabaseUrl, target: Path) -> OpsError:
    """Why no snapshot is taken; nothing is left behind then, and the password does not show."""
    with pytest.raises(OpsError) as raised:
        PostgresEngine(url).snapshot(target)
    assert not target.exists()
    assert PASSWORD not in f"{raised.value} {raised.value.__cause__!r}"
    return raised.value


@pytest.fixture
def programs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds the only programs of PostgreSQL there are, a script each."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setattr(programs, "homes", lambda: [folder])
    return folder


def script(folder: Path, name: str, text: str, version: str = "15.1") -> None:
    told = f'if [ "$1" = --version ]; then echo "{name} (PostgreSQL) {version}"; exit; fi\n'
    (folder / name).write_text(f"#!/bin/sh\n{told}{text}\n")
    (folder / name).chmod(0o755)


def real(server: Cluster, folder: Path, name: str) -> None:
    (folder / name).symlink_to(server.home / name)


def test_a_dump_holds_the_rows_of_one_moment_while_people_write(
    server: Cluster, school_url: DatabaseUrl, tmp_path: Path
) -> None:
    with writing(server, school_url):
        PostgresEngine(school_url).snapshot(tmp_path / "dump")
    found = dumps.contents(tmp_path / "dump")
    assert found.row_counts["students"] == found.row_counts["grades"] > 60
    assert found.row_counts["extra.odd name"] == 2
    assert found.revision == REVISION


def test_a_layout_is_described_by_what_is_in_it(school_url: DatabaseUrl, tmp_path: Path) -> None:
    engine = PostgresEngine(school_url)
    engine.snapshot(tmp_path / "dump")
    facts = engine.facts(engine.lay_out(tmp_path / "dump", None))
    assert (facts.row_counts, facts.schema_revision, facts.problem) == (engine.row_counts(), REVISION, "")
    assert engine.revision() == REVISION


def test_a_dump_that_is_cut_off_is_noticed_wherever_it_is_cut(school_url: DatabaseUrl, tmp_path: Path) -> None:
    PostgresEngine(school_url).snapshot(tmp_path / "dump")
    content, whole = (tmp_path / "dump").read_bytes(), dumps.contents(tmp_path / "dump").row_counts
    for part in (0, 3, 200, len(content) // 2, len(content) - 300):
        (tmp_path / "dump").write_bytes(content[:part])
        with contextlib.suppress(BackupDamaged):
            assert dumps.contents(tmp_path / "dump").row_counts != whole


def test_sql_text_is_never_taken_for_a_dump(server: Cluster, school_url: DatabaseUrl, tmp_path: Path) -> None:
    (tmp_path / "dump").write_text("\\! touch /tmp/smsops-was-here\nDROP TABLE students;\n")
    with pytest.raises(BackupDamaged, match=r"dump is not a dump in pg_dump's custom format\."):
        Exchange(school_url, 1).fill(tmp_path / "dump")
    assert server.students(school_url) == 50


def test_a_server_that_is_away_is_a_passing_trouble(school_url: DatabaseUrl, tmp_path: Path) -> None:
    port = free_port()
    error = refused(DatabaseUrl("127.0.0.1", port, "sms", "sms", PASSWORD), tmp_path / "dump")
    assert error.message == f"PostgreSQL at 127.0.0.1:{port} does not answer."
    assert error.transient


def test_a_wrong_password_is_named_and_not_shown(server: Cluster, school_url: DatabaseUrl, tmp_path: Path) -> None:
    error = refused(server.url(school_url.name, password=f"not-{PASSWORD}"), tmp_path / "dump")
    assert error.message == f"PostgreSQL at 127.0.0.1:{server.port} does not let the user smsops in."
    assert not error.transient


def test_a_missing_database_is_named(server: Cluster, tmp_path: Path) -> None:
    assert "There is no database nowhere on" in refused(server.url("nowhere"), tmp_path / "dump").message


def test_an_empty_database_makes_no_backup(server: Cluster, tmp_path: Path) -> None:
    server.execute("postgres", "CREATE DATABASE nothing_in_it")
    assert "has no tables" in refused(server.url("nothing_in_it"), tmp_path / "dump").message


def test_a_table_that_may_not_be_read_is_named(server: Cluster, school_url: DatabaseUrl, tmp_path: Path) -> None:
    with contextlib.suppress(Exception):
        server.execute("postgres", "CREATE ROLE nobody LOGIN PASSWORD 'x'")
    error = refused(server.url(school_url.name, "nobody", "x"), tmp_path / "dump")
    assert "The user nobody may not read " in error.message


def test_a_pg_dump_that_says_nothing_and_writes_nothing_is_no_backup(
    server: Cluster, school_url: DatabaseUrl, tmp_path: Path, programs_in: Path
) -> None:
    script(programs_in, "pg_dump", "for a; do case $a in --file=*) : > ${a#--file=};; esac; done")
    real(server, programs_in, "pg_restore")
    assert "is not a dump" in refused(school_url, tmp_path / "dump").message


def test_a_pg_dump_that_leaves_out_rows_is_no_backup(
    server: Cluster, school_url: DatabaseUrl, tmp_path: Path, programs_in: Path
) -> None:
    script(programs_in, "pg_dump", f'exec {server.home}/pg_dump "$@" --exclude-table-data=grades')
    real(server, programs_in, "pg_restore")
    assert refused(school_url, tmp_path / "dump").message == "pg_dump left out rows: grades has 50, the dump 0."


def test_a_pg_dump_that_is_killed_is_named(school_url: DatabaseUrl, tmp_path: Path, programs_in: Path) -> None:
    script(programs_in, "pg_dump", "kill -9 $$")
    error = refused(school_url, tmp_path / "dump")
    assert error.message == "pg_dump was ended by signal 9 before it had finished."
    assert error.transient


def test_the_server_ending_a_dump_is_named(server: Cluster, school_url: DatabaseUrl, tmp_path: Path) -> None:
    server.execute(school_url.name, "INSERT INTO notes SELECT repeat('x', 1000) FROM generate_series(1, 200000)")
    found: list[OpsError] = []
    taking = threading.Thread(target=lambda: found.append(refused(school_url, tmp_path / "dump")))
    taking.start()
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%'"
    wait_for(lambda: server.execute("postgres", query), "pg_dump to read")
    taking.join()
    assert found[0].message == f"PostgreSQL at 127.0.0.1:{server.port} ended the connection."


def test_a_pg_dump_older_than_the_server_is_refused_with_both_versions(
    school_url: DatabaseUrl, tmp_path: Path, programs_in: Path
) -> None:
    script(programs_in, "pg_dump", "", "13.4")
    error = refused(school_url, tmp_path / "dump")
    major = next(iter(error.fix.split("-client-")[1:])).rstrip(".")
    assert error.message == f"The server is PostgreSQL {major}; pg_dump here is 13, which cannot be used."


def test_without_pg_dump_it_is_said_what_to_install(school_url: DatabaseUrl, tmp_path: Path, programs_in: Path) -> None:
    error = refused(school_url, tmp_path / "dump")
    assert error.message == "pg_dump is not on this machine."
    assert error.fix.startswith("Install the package postgresql-client-")


@pytest.mark.parametrize(("server_version", "chosen"), [(12, 13), (13, 13), (14, 15), (15, 15), (16, 17)])
def test_the_programs_next_to_the_servers_version_are_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server_version: int, chosen: int
) -> None:
    folders = [tmp_path / str(version) for version in (13, 15, 17)]
    for folder in folders:
        folder.mkdir()
        script(folder, "pg_dump", "", f"{folder.name}.2")
    monkeypatch.setattr(programs, "homes", lambda: folders)
    assert programs.fitting("pg_dump", server_version) == tmp_path / str(chosen) / "pg_dump"


def test_a_full_disk_is_named(server: Cluster, school_url: DatabaseUrl, disk: Path) -> None:
    server.execute(school_url.name, "INSERT INTO notes SELECT md5(g::text) FROM generate_series(1, 30000) g")
    os.truncate(fill(disk), 500_000)
    assert refused(school_url, disk / "dump").message == f"The disk of {disk} is full."


def test_a_full_disk_of_the_server_is_named_as_the_servers(school_url: DatabaseUrl) -> None:
    said = 'pg_restore: error: could not execute query: ERROR:  could not extend file "base/1": No space left on device'
    error = complaints.explain(said, school_url, "pg_restore", Path("/work"))
    assert error.message == f"The disk of the server 127.0.0.1:{school_url.port} is full."


def test_what_nobody_knows_is_told_in_the_programs_words_without_the_password(school_url: DatabaseUrl) -> None:
    said = f"pg_dump: error: strange {PASSWORD} trouble\npg_dump: detail: more"
    error = complaints.explain(said, school_url, "pg_dump")
    assert error.message == "pg_dump says: error: strange [redacted] trouble."


def test_a_locked_table_is_named(
    server: Cluster, school_url: DatabaseUrl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backups.engines.postgres.connection.LOCK_WAIT", "200ms")
    with server.connect(school_url.name) as connection, connection.transaction():
        connection.execute("LOCK TABLE notes IN ACCESS EXCLUSIVE MODE")
        error = refused(school_url, tmp_path / "dump")
    assert error.message == f"A table of {school_url.name} stayed locked by another session."


def test_the_password_is_on_no_command_line(
    school_url: DatabaseUrl, tmp_path: Path, programs_in: Path, server: Cluster
) -> None:
    script(programs_in, "pg_dump", f'echo "$@" > {tmp_path}/line; exec {server.home}/pg_dump "$@"')
    real(server, programs_in, "pg_restore")
    PostgresEngine(school_url).snapshot(tmp_path / "dump")
    assert PASSWORD not in (tmp_path / "line").read_text()
    assert PASSWORD not in f"{school_url!r} {school_url}"
