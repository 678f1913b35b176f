"""Old releases are archived: their images go, and of each that stays it is said why (runbook §8)."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments import selectors, tags
from deployments.models import Release
from deployments.services import archive, builds, releases
from smsops.errors import OpsError, WrongUse
from smsops.models import Environment, Run, RunState
from smsops.runs.plan import By
from smsops.runtimes.registry import runtime_for
from tests.builds import builder, repository_of, tree
from tests.factories import make_backup, make_environment, make_instance, make_release, make_repository, make_run
from tests.kills import kill_at_every_boundary
from tests.machine.engine import IMAGE
from tests.places import DockerPlace, drive

BY = By(name="test", reason="the disk is full")
VERSIONS = ("1.8.0", "1.9.0", "1.10.0", "1.11.0")


@pytest.fixture
def environment(transactional_db: None) -> Environment:
    """Four releases, of which the newest runs."""
    environment = make_environment()
    for version in VERSIONS:
        make_release(environment, version)
    make_instance(environment, release(environment, "1.11.0"))
    return environment


def release(environment: Environment, version: str) -> Release:
    return Release.objects.get(environment=environment, version=version)


def why(environment: Environment, version: str, keep: int = 1) -> str:
    """Why a release stays; empty when it goes."""
    (verdict,) = [each for each in archive.judge(environment, keep) if each.image.version == version]
    return verdict.why


def here(environment: Environment) -> set[str]:
    return {image.version for image in runtime_for(environment).images()}


def write_database(environment: Environment, revision: str) -> None:
    database = Path(environment.data_path) / environment.database_file
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", [revision])


def test_what_is_older_than_the_newest_goes_in_numeric_order(environment: Environment) -> None:
    run = drive(archive.start(environment, BY, keep=2))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert here(environment) == {"1.10.0", "1.11.0"}
    assert run.headline == "2 images went: 1.9.0, 1.8.0."
    assert "1.10.0 stays: it is one of the newest 2." in run.steps.get().output


def test_a_release_that_went_is_archived_until_it_is_built_again(environment: Environment) -> None:
    drive(archive.start(environment, BY, keep=2))
    assert (release(environment, "1.8.0").image_id, release(environment, "1.10.0").archived_at) == ("", None)
    assert release(environment, "1.8.0").archived_at is not None


def test_the_one_that_runs_stays_however_old(environment: Environment) -> None:
    runtime_for(environment).remove(environment.instance)
    make_instance(environment, release(environment, "1.8.0"))
    assert why(environment, "1.8.0") == "it is the one that runs."


def test_what_an_instance_put_aside_was_made_from_stays(environment: Environment) -> None:
    runtime_for(environment).create("sms-app-before-r7", release(environment, "1.9.0").image_id, {})
    assert why(environment, "1.9.0") == "sms-app-before-r7 was made from it."


def test_what_a_backup_here_would_be_restored_with_stays(environment: Environment) -> None:
    backup = make_backup(environment, image_id=release(environment, "1.9.0").image_id)
    make_backup(environment, image_id=release(environment, "1.8.0").image_id, here=False)
    assert why(environment, "1.9.0") == f"the backup {backup.identifier} would be restored with it."
    assert why(environment, "1.8.0") == ""


def test_what_a_run_under_way_works_with_stays(environment: Environment) -> None:
    params = {"image_id": release(environment, "1.9.0").image_id}
    run = make_run(environment, kind="rehearsal", title="Rehearse 1.9.0", state=RunState.RUNNING, params=params)
    assert why(environment, "1.9.0") == f"“Rehearse 1.9.0” (run {run.pk}) needs it."


def test_what_alone_takes_the_schema_back_stays(environment: Environment) -> None:
    write_database(environment, "b2")
    Release.objects.filter(version__in=("1.8.0", "1.11.0")).update(revisions=["a1"])
    Release.objects.filter(version="1.10.0").update(revisions=["a1", "b2"])
    assert why(environment, "1.10.0") == "it knows the database's schema (b2), which the running release does not."
    assert why(environment, "1.8.0") == ""
    Release.objects.filter(version="1.11.0").update(revisions=["a1", "b2"])
    assert why(environment, "1.10.0") == ""


def test_an_image_another_environment_is_started_from_stays(environment: Environment) -> None:
    other = make_environment(releases_path=environment.releases_path)
    make_instance(other, release(environment, "1.8.0"))
    assert why(environment, "1.8.0") == "it is the one that runs."


def test_what_is_no_release_stays(environment: Environment) -> None:
    make_release(environment, "experiment", order="")
    assert why(environment, "experiment") == "it is no release; smsops does not know what it is for."


def test_a_database_that_does_not_tell_its_schema_stops_it_all(environment: Environment) -> None:
    (Path(environment.data_path) / environment.database_file).write_bytes(
        b"not a database, but long enough to be one" * 99
    )
    with pytest.raises(OpsError):
        archive.plan(environment, 1)
    assert here(environment) == set(VERSIONS)


def test_with_nothing_to_archive_it_says_why_each_stays(environment: Environment) -> None:
    with pytest.raises(WrongUse, match=r"nothing to archive .* 1\.8\.0 stays: it is one of the newest 5"):
        archive.plan(environment)
    with pytest.raises(WrongUse, match="keep 1 or more"):
        archive.judge(environment, 0)
    assert not Run.objects.exists()


def test_what_came_to_be_needed_after_the_plan_stays(environment: Environment) -> None:
    run = archive.start(environment, BY, keep=1)
    runtime_for(environment).create("sms-app-by-hand", release(environment, "1.9.0").image_id, {})
    drive(run)
    assert here(environment) == {"1.9.0", "1.11.0"}
    assert "1.9.0 stays: sms-app-by-hand was made from it." in run.steps.get().output


def test_an_archive_survives_a_kill_at_every_boundary(environment: Environment) -> None:
    run = archive.start(environment, BY, keep=1)
    deaths = kill_at_every_boundary(run, lambda: here(environment))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert run.facts["release.archive"]["gone"] == ["1.10.0", "1.9.0", "1.8.0"]
    assert set(map(frozenset, deaths.seen)) == {frozenset(VERSIONS), frozenset({"1.11.0"})}


def test_an_import_does_not_bring_an_archived_folder_back_but_a_build_does(
    tmp_path: Path, transactional_db: None
) -> None:
    trees = {f"v{version}": {"VERSION": f"{version}\n", "backend/entrypoint.py": ""} for version in VERSIONS}
    environment = make_environment(source_path=str(make_repository(tmp_path / "source", trees)))
    releases.import_all(environment)
    drive(archive.start(environment, BY, keep=3))
    releases.import_all(environment)
    assert here(environment) == set(VERSIONS) - {"1.8.0"}
    assert drive(builds.build(release(environment, "1.8.0"), BY)).state == RunState.SUCCEEDED
    assert here(environment) == set(VERSIONS)
    assert release(environment, "1.8.0").archived_at is None


@pytest.fixture
def docker_place(docker_place: DockerPlace, tmp_path: Path) -> Iterator[DockerPlace]:
    with builder(docker_place):
        repository_of(docker_place, tmp_path / "own.git", {v: tree(v) for v in ("1.18.0", "1.18.1", "1.19.0")})
        releases.import_all(docker_place.environment)
        for each in Release.objects.filter(environment=docker_place.environment):
            drive(builds.build(each, BY))
        yield docker_place


@pytest.fixture
def stranger(docker_place: DockerPlace) -> Iterator[str]:
    """An image of somebody else, which nothing runs."""
    name = f"smsops-tests-{docker_place.name}-stranger"
    docker_place.client.api.import_image_from_data(bytes(10240), repository=name, tag="1")  # an archive of nothing
    yield name
    docker_place.client.images.remove(f"{name}:1")


@pytest.mark.docker
def test_of_the_engines_images_only_the_environments_own_go(docker_place: DockerPlace, stranger: str) -> None:
    place = docker_place

    def images() -> set[str]:  # others come and go beside this test
        names = (stranger, IMAGE, place.environment.image)
        return {each["Id"] for name in names for each in place.client.api.images(name)}

    place.client.images.get(f"{place.environment.image}:1.18.0").tag(place.environment.image, "smsops-run-0")
    place.deploy("1.18.1")
    before = images()
    old = selectors.find(place.environment, "1.18.0").image_id
    drive(archive.start(place.environment, BY, keep=1))
    assert {image.version for image in place.runtime.images()} == {"1.18.1", "1.19.0"}
    assert before - images() == {old}


@pytest.mark.docker
def test_an_older_image_of_a_release_goes_with_its_row(docker_place: DockerPlace) -> None:
    place = docker_place
    run = drive(builds.build(selectors.find(place.environment, "1.18.0"), BY, again=True))
    kept = tags.kept("1.18.0", run.pk)
    drive(archive.start(place.environment, BY, keep=2))
    assert place.runtime.image(kept) is None
    assert not Release.objects.filter(version=kept).exists()
