"""What the handbook says of the loss of smsops itself, done as it says it, line by line."""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from backups.services import fence
from smsops import health
from tests.handbook.installations import Installation, School
from tests.handbook.pages import DOCS, blocks

pytestmark = pytest.mark.slow
DUMP = re.compile(r"^python manage\.py (dumpdata .*)$", re.MULTILINE)


@dataclass
class Lost:
    """A school whose smsops is about to be lost: what was copied elsewhere, and what it knew."""

    school: School
    smsops: Installation
    kept: Path
    students: int
    runs: list[tuple[int, str, str]]


def told(title: str) -> list[str]:
    """The lines to be typed below that heading of the page about recovery."""
    section = (DOCS / "recovery.md").read_text().split(f"## {title}\n")[1].split("\n## ")[0]
    (block,) = blocks(section, "sh")
    return [line.split("#")[0].strip().removeprefix("python manage.py ") for line in block.splitlines()]


def students(school: School) -> int:
    with contextlib.closing(sqlite3.connect(school.data / "student_management.db")) as database:
        (count,) = database.execute("SELECT count(*) FROM students").fetchone()
        return int(count)


def runs_of(smsops: Installation) -> list[tuple[int, str, str]]:
    return [(run["run"], run["kind"], run["state"]) for run in smsops.ops("runs --last 100")]


@pytest.fixture
def lost(tmp_path: Path, repository: Path, releases_path: Path, school: Path) -> Iterator[Lost]:
    """A school with a release and a backup, and what a careful person keeps elsewhere."""
    place, kept = School(tmp_path / "school"), tmp_path / "kept"
    place.data.mkdir(parents=True)
    kept.mkdir()
    shutil.copy2(school, place.data / "student_management.db")
    described = place.describe(repository, releases_path)
    old = Installation(tmp_path / "old", tmp_path / "vault")
    old.manage("migrate --verbosity=0")
    old.manage(f"ops env apply {described}")
    old.manage("ops releases school --import")
    old.manage("ops deploy school 1.18.0 --reason first --wait")
    old.manage("ops backup school --wait")
    old.manage(f"ops vault export-keys {kept / 'escrow.json'}")
    shutil.copy2(described, kept)
    yield Lost(place, old, kept, students(place), runs_of(old))
    old.stop_sms()


def test_from_the_vault_alone_in_a_fresh_data_folder(lost: Lost, tmp_path: Path) -> None:
    lost.smsops.stop_sms()
    shutil.rmtree(lost.smsops.folder)
    shutil.rmtree(lost.school.data)
    lost.school.data.mkdir()
    new = Installation(tmp_path / "new", lost.smsops.vault)
    try:
        for line in told("From the vault alone"):
            words = line.replace("createsuperuser", "createsuperuser --noinput")
            new.manage(re.sub(r"(\S+\.(?:json|yaml))", rf"{lost.kept}/\1", words))
        assert students(lost.school) == lost.students
        assert health.look(lost.school.address).good
        assert {backup["proof"] for backup in new.ops("backups school")} >= {"stored"}
    finally:
        new.stop_sms()


def test_from_a_copy_of_the_rows_with_the_fence_lifted(lost: Lost, tmp_path: Path) -> None:
    lost.smsops.stop_sms()
    new = Installation(tmp_path / "new", lost.smsops.vault, {"SMSOPS_FIELD_KEY": (key := field_key(lost.smsops))})
    assert key
    new.folder.mkdir()
    with (
        contextlib.closing(sqlite3.connect(lost.smsops.folder / "smsops.sqlite3")) as rows,
        contextlib.closing(sqlite3.connect(new.folder / "smsops.sqlite3")) as copy,
    ):
        rows.backup(copy)
    (lost.school.data / fence.FOLDER / "fence.json").unlink()
    try:
        new.manage("migrate --verbosity=0")
        new.manage(f"ops vault import-keys {lost.kept / 'escrow.json'}")
        new.manage("ops vault reindex school")
        new.manage("ops restore school --backup latest --reason lost --wait")
        assert students(lost.school) == lost.students
    finally:
        new.stop_sms()


def field_key(smsops: Installation) -> str:
    return (smsops.folder / "keys" / "field_key").read_text()


def test_rows_move_to_another_database_by_a_dump_with_their_secrets_sealed(lost: Lost, tmp_path: Path) -> None:
    found = DUMP.search((DOCS / "scaling-out.md").read_text())
    assert found is not None
    file = tmp_path / "rows.json"
    lost.smsops.manage(found[1].replace("rows.json", str(file)))
    assert "correct-horse" not in file.read_text()
    new = Installation(tmp_path / "new", lost.smsops.vault, {"SMSOPS_FIELD_KEY": field_key(lost.smsops)})
    for words in ("migrate --verbosity=0", "flush --no-input", f"loaddata {file}"):
        new.manage(words)
    assert runs_of(new) == lost.runs
    assert new.ops("backups school") == lost.smsops.ops("backups school")
    asked = "from smsops.models import Environment; print(Environment.objects.get().smoke_password)"
    assert "correct-horse" in new.manage(["shell", "-c", asked])
