"""The contract of every runtime (smsops/runtimes/base.py), on every real driver: the engine, images, instances."""

from __future__ import annotations

import copy
import threading
from pathlib import Path

import pytest
from django.conf import settings

from demo.catalogue import releases
from smsops.errors import NameTaken, OpsError, RuntimeUnavailable
from smsops.runtimes.base import Instance, Status
from smsops.runtimes.registry import runtime_for
from tests.places import Place, digest, free_port, wait_for
from tests.runtimes.acts import GONE, GOOD, complaint, create, image_id, seen


def test_an_engine_that_is_there_answers(place: Place) -> None:
    assert complaint(place.runtime.ping) == ""


def test_an_engine_that_is_away_is_said_to_be(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        (tmp_path / "file").touch()
        patch.setattr(settings, "SMSOPS_DOCKER_HOST", f"tcp://127.0.0.1:{free_port()}")
        patch.setattr(settings, "DATA_DIR", tmp_path / "file")
        with pytest.raises(RuntimeUnavailable, match=r"does not answer|cannot be used") as caught:
            place.runtime.ping()
    assert caught.value.transient


def test_an_image_is_found_by_its_version_and_by_its_id(place: Place) -> None:
    by_version = place.runtime.image(GOOD)
    assert by_version is not None
    assert by_version.version == GOOD
    by_id = place.runtime.image(by_version.id)
    assert by_id is not None
    assert (by_id.id, by_id.version) == (by_version.id, GOOD)


@pytest.mark.parametrize("reference", ["9.9.9", f"sha256:{'0' * 64}"])
def test_an_unknown_image_is_none(place: Place, reference: str) -> None:
    assert place.runtime.image(reference) is None


def test_an_image_whose_version_no_tag_can_have_is_none(place: Place) -> None:
    assert place.runtime.image("1.18.1+hotfix") is None


def test_every_release_is_among_the_images(place: Place) -> None:
    found = place.runtime.images()
    assert set(releases()) <= {image.version for image in found}
    assert all(image.id and image.created for image in found)


def test_creating_starts_nothing(place: Place) -> None:
    made = create(place)
    assert (made.status, made.restarts, made.exit_code) == (Status.CREATED, 0, None)
    assert seen(place) == made
    assert not place.serving()


def test_an_instance_knows_its_image_its_version_and_its_labels(place: Place) -> None:
    made = create(place)
    assert (made.image_id, made.version) == (image_id(place), GOOD)
    assert made.labels["smsops.run"] == "0"


def test_a_name_is_given_once(place: Place) -> None:
    first = create(place)
    with pytest.raises(NameTaken):
        create(place, "1.19.0")
    assert seen(place) == first
    assert len(place.runtime.instances()) == 1


def test_an_image_that_is_missing_cannot_be_created_from(place: Place) -> None:
    with pytest.raises(OpsError, match="sha256:1111"):
        place.runtime.create(place.environment.instance, f"sha256:{'1' * 64}", {"smsops.environment": place.name})
    assert place.runtime.instances() == []


def test_an_env_file_that_cannot_be_read_is_named(place: Place) -> None:
    place.env_file.write_text("SECRET_KEY is this\n")
    with pytest.raises(OpsError, match="Line 1 of the env file") as caught:
        create(place)
    assert "is this" not in str(caught.value)


def test_a_taken_name_is_refused_and_nothing_changes(place: Place) -> None:
    first, second = create(place), create(place, "1.19.0", f"{place.environment.instance}-next")
    with pytest.raises(NameTaken):
        place.runtime.rename(second.name, first.name)
    assert seen(place, first.name) == first
    assert seen(place, second.name) == second


def test_removing_an_instance_leaves_its_data(place: Place) -> None:
    name, before = create(place).name, digest(place.database)
    place.runtime.remove(name)
    place.runtime.remove(GONE)
    assert place.runtime.inspect(name) is None
    assert digest(place.database) == before


def test_instances_of_another_environment_are_not_listed(place: Place) -> None:
    stranger = copy.copy(place.environment)
    stranger.name = f"{place.name}x"
    other, mine = runtime_for(stranger), create(place)
    labels = {"smsops.environment": stranger.name, "smsops.run": "0"}
    theirs = other.create(f"{place.environment.instance}-x", image_id(place), labels)
    try:
        assert [found.name for found in place.runtime.instances()] == [mine.name]
        assert [found.name for found in other.instances()] == [theirs.name]
    finally:
        other.remove(theirs.name)


def test_nothing_is_known_of_an_instance_that_is_not_there(place: Place) -> None:
    assert place.runtime.inspect(GONE) is None
    assert place.runtime.describe(GONE) == {}
    assert place.runtime.logs(GONE, 10) == ""
    assert list(place.runtime.log_lines(GONE)) == []


def test_an_instance_is_described_with_its_environment(place: Place) -> None:
    name = create(place).name
    assert place.env_file.read_text().splitlines()[0].partition("=")[2] in str(place.runtime.describe(name))


def test_an_instance_may_be_renamed_while_somebody_looks(place: Place) -> None:
    name = create(place).name
    looks, ended, errors = list[Instance | None](), threading.Event(), list[Exception]()

    def look() -> None:
        while not ended.is_set():
            try:
                looks.append(place.runtime.inspect(name))
                place.runtime.instances()
            except Exception as error:
                errors.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    for _ in range(60):
        place.runtime.rename(name, f"{name}-aside")
        place.runtime.rename(f"{name}-aside", name)
    wait_for(lambda: looks or errors, "a look")
    ended.set()
    thread.join()
    assert errors == []
