"""Every good release does what its users expect."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.native import Native

GOOD = ("1.18.0", "1.18.1", "1.19.0")
STUDENTS, DELETED = 300, 3
Good = Callable[[str], Native]


every_version = pytest.mark.parametrize("version", GOOD)


@pytest.fixture(scope="module")
def good(
    tree: Callable[[str], Path], old_school: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Native]]:
    """The running instance of a good release, each on a school of its own."""
    root, running = tmp_path_factory.mktemp("good"), {}
    for version in GOOD:
        database = Path(shutil.copy(old_school, root / f"{version}.db"))
        running[version] = Native(tree(version), database)
    yield lambda version: running[version].started()
    for sms in running.values():
        sms.kill()


@every_version
def test_health_is_healthy_and_names_the_version(good: Good, version: str) -> None:
    sms = good(version)
    health = sms.get("/health")
    assert (health.status, health.json["status"], health.json["version"]) == (200, "healthy", version)
    assert health.json["checks"]["migrations"]["details"]["at_head"] is True
    assert health.json["statistics"] == {"students": 300, "courses": 24, "grades": 4500, "enrollments": 1500}


@every_version
def test_it_is_ready_and_alive(good: Good, version: str) -> None:
    sms = good(version)
    assert sms.get("/health/ready").json["status"] == "ready"
    assert sms.get("/health/live").json["status"] == "healthy"


@every_version
def test_the_administrator_signs_in_and_the_token_is_accepted(good: Good, version: str) -> None:
    sms = good(version)
    token = sms.login().json["access_token"]
    assert sms.get("/api/v1/auth/me", token).json["role"] == "admin"


@every_version
@pytest.mark.parametrize("subject", ["students", "courses", "grades", "attendance"])
def test_lists_are_pages_readable_without_a_token(good: Good, version: str, subject: str) -> None:
    sms = good(version)
    listed = sms.get(f"/api/v1/{subject}/?limit=5").json
    assert set(listed) == {"items", "total", "skip", "limit", "pages", "current_page"}
    assert len(listed["items"]) == 5


@every_version
def test_deleted_students_are_not_listed(good: Good, version: str) -> None:
    sms = good(version)
    assert sms.get("/api/v1/students/").json["total"] == STUDENTS - DELETED


@every_version
def test_the_page_links_a_bundle_named_by_its_content(good: Good, version: str) -> None:
    sms = good(version)
    links = re.findall(r'"(/assets/index-(\w{8})\.(?:js|css))"', sms.get("/").body.decode())
    for path, digest in links:
        asset = sms.get(path)
        assert asset.status == 200
        assert hashlib.sha256(asset.body).hexdigest()[:8] == digest
    assert {path.rpartition(".")[2] for path, _ in links} == {"js", "css"}


def test_bundles_may_be_cached_for_ever_and_the_page_may_not(sms: Native) -> None:
    bundle = re.search(r"/assets/index-\w+\.js", sms.get("/").body.decode())
    assert bundle is not None
    assert "immutable" in sms.get(bundle[0]).headers["Cache-Control"]
    assert "javascript" in sms.get(bundle[0]).headers["Content-Type"]
    assert "no-store" in sms.get("/").headers["Cache-Control"]


def test_unknown_paths_are_the_page_but_a_missing_asset_is_not(sms: Native) -> None:
    assert sms.get("/students/7").body == sms.get("/").body
    assert sms.get("/assets/index-00000000.js").status == 404
    assert sms.get("/api/v1/nothing").status == 404


def test_without_a_built_page_the_root_answers_json(
    tree: Callable[[str], Path], database: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(tree("1.19.0"), tmp_path / "tree")
    shutil.rmtree(copy / "frontend")
    with Native(copy, database) as sms:
        assert sms.started().get("/").json["version"] == "1.19.0"
        assert sms.get("/students").status == 404


@every_version
def test_the_full_name_came_with_1_18_1(good: Good, version: str) -> None:
    sms = good(version)
    student = sms.get("/api/v1/students/1").json
    assert ("full_name" in student) is (version != "1.18.0")


@every_version
def test_guardians_and_announcements_came_with_1_19_0(good: Good, version: str) -> None:
    sms = good(version)
    assert ("guardian_phone" in sms.get("/api/v1/students/1").json) is (version == "1.19.0")
    assert sms.get("/api/v1/announcements/").status == (200 if version == "1.19.0" else 404)
