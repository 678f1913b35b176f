"""The contract of every runtime (smsops/runtimes/base.py): images built, named and removed, and none overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smsops.errors import NameTaken, OpsError
from tests.builds import builder, unpacked
from tests.conftest import BOTH
from tests.places import Place
from tests.runtimes.acts import GOOD, image_id

LABELS = {"smsops.run": "7"}
WORKING = "smsops-run-7"


@pytest.fixture(params=BOTH)
def place(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[Place]:
    """A place whose images are its own; how they pass the door is in tests/door."""
    found: Place = request.getfixturevalue(f"{request.param}_place")
    with builder(found):
        yield found


def build(place: Place, folder: Path, tag: str = WORKING) -> str:
    """Build it; returns the log."""
    return "\n".join(line for line in place.runtime.build(folder, tag, LABELS) if line)


def test_an_image_is_built_of_a_folder_and_tells_how(place: Place, tmp_path: Path) -> None:
    said = build(place, unpacked(place, GOOD, tmp_path / "source"))
    image = place.runtime.image(WORKING)
    assert image is not None
    assert image.version == WORKING
    assert said
    assert (
        place.runtime.run_once(image.id, ["python", "-c", "print(open('VERSION').read())"], 30).stdout.strip() == GOOD
    )


def test_a_folder_that_is_no_release_is_refused_and_nothing_is_made(place: Place, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    with pytest.raises(OpsError, match="it has n"):
        build(place, tmp_path / "source")
    assert place.runtime.images() == []


def test_an_image_gets_its_version_and_keeps_its_id(place: Place, tmp_path: Path) -> None:
    build(place, unpacked(place, GOOD, tmp_path / "source"))
    built = image_id(place, WORKING)
    for _ in range(2):
        place.runtime.name_image(built, GOOD)
    place.runtime.remove_image(WORKING)
    assert image_id(place) == built
    assert [image.version for image in place.runtime.images()] == [GOOD]


def test_a_version_an_image_has_is_not_given_to_another(place: Place, tmp_path: Path) -> None:
    for version, tag in ((GOOD, GOOD), ("1.19.0", WORKING)):
        build(place, unpacked(place, version, tmp_path / version), tag)
    before = image_id(place)
    with pytest.raises(NameTaken, match="not overwritten"):
        place.runtime.name_image(image_id(place, WORKING), GOOD)
    assert image_id(place) == before


def test_an_image_is_removed_and_a_missing_one_is_fine(place: Place, tmp_path: Path) -> None:
    build(place, unpacked(place, GOOD, tmp_path / "source"), GOOD)
    for _ in range(2):
        place.runtime.remove_image(GOOD)
    assert place.runtime.images() == []


def test_an_image_an_instance_was_made_from_stays(place: Place, tmp_path: Path) -> None:
    build(place, unpacked(place, GOOD, tmp_path / "source"), GOOD)
    place.runtime.create(place.environment.instance, image_id(place), {"smsops.environment": place.name})
    with pytest.raises(OpsError, match=f"stays: .*{place.environment.instance} was made from it"):
        place.runtime.remove_image(GOOD)
    assert place.runtime.image(GOOD) is not None


def test_what_is_no_saved_image_cannot_be_loaded(place: Place, tmp_path: Path) -> None:
    (tmp_path / "image.tar").write_bytes(b"not a tar at all")
    with pytest.raises(OpsError, match=r"takes no images|not a whole tar"):
        list(place.runtime.load(tmp_path / "image.tar", WORKING))
    assert place.runtime.images() == []
