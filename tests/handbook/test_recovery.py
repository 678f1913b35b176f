"""What the handbook says of the loss of smsops itself, done as it says it, line by line."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from smsops import health
from tests.handbook.installations import Installation, School
from tests.handbook.pages import DOCS, blocks

pytestmark = pytest.mark.slow
DATABASE = "student_management.db"
DUMP = re.compile(r"^python manage\.py (dumpdata .*)$", re.MULTILINE)


@dataclass
class Lost:
    """What is left of a school's smsops that is not there any more: a copy of its rows, its field key, the vault, and
    what a careful person keeps elsewhere. `students` were in the backup."""

    rows: Path
    field_key: str
    vault: Path
    kept: Path
    school: School
    students: int

    def installation(self, folder: Path, **settings: str) -> Installation:
        """A new one, with a vault of its own that has the same in it."""
        folder.mkdir()
        return Installation(folder / "data", Path(shutil.copytree(self.vault, folder / "vault")), settings)

    def brought_back(self, folder: Path) -> Installation:
        """A new one with the rows and the field key of before."""
        new = self.installation(folder, SMSOPS_FIELD_KEY=self.field_key)
        new.folder.mkdir()
        shutil.copy2(self.rows, new.folder / "smsops.sqlite3")
        return new


def told(title: str, language: str = "sh") -> list[str]:
    """The lines to be typed below that heading of the page about recovery."""
    section = (DOCS / "recovery.md").read_text().split(f"## {title}\n")[1].split("\n## ")[0]
    (block,) = blocks(section, language)
    return [line.split("#")[0].strip().removeprefix("python manage.py ") for line in block.splitlines()]


def students(school: School) -> int:
    with contextlib.closing(sqlite3.connect(school.data / DATABASE)) as database:
        (count,) = database.execute("SELECT count(*) FROM students").fetchone()
        return int(count)


@pytest.fixture(scope="module")
def lost(
    tmp_path_factory: pytest.TempPathFactory, repository: Path, releases_path: Path, school: Path
) -> Iterator[Lost]:
    """A school with a release and a backup."""
    folder = tmp_path_factory.mktemp("lost")
    place, kept, old = School(folder / "school"), folder / "kept", Installation(folder / "old", folder / "vault")
    place.data.mkdir(parents=True)
    kept.mkdir()
    shutil.copy2(school, place.data / DATABASE)
    described = place.describe(repository, releases_path)
    for words in (
        "migrate --verbosity=0",
        f"ops env apply {described}",
        "ops releases school --import",
        "ops deploy school 1.18.0 --reason first --wait",
        "ops backup school --wait",
        f"ops vault export-keys {kept / 'escrow.json'}",
    ):
        old.manage(words)
    shutil.copy2(described, kept)
    old.stop_sms()
    count = students(place)
    with sqlite3.connect(old.folder / "smsops.sqlite3") as rows, sqlite3.connect(folder / "rows") as copy:
        rows.backup(copy)
    key = (old.folder / "keys" / "field_key").read_text()
    shutil.rmtree(old.folder)
    yield Lost(folder / "rows", key, old.vault, kept, place, count)


def test_from_the_vault_alone_in_a_fresh_data_folder(lost: Lost, tmp_path: Path) -> None:
    shutil.rmtree(lost.school.data)
    lost.school.data.mkdir()
    new = lost.installation(tmp_path / "new")
    try:
        for line in told("From the vault alone"):
            words = line.replace("createsuperuser", "createsuperuser --noinput")
            new.manage(re.sub(r"(\S+\.(?:json|yaml))", rf"{lost.kept}/\1", words))
        assert students(lost.school) == lost.students
        assert health.look(lost.school.address).good
    finally:
        new.stop_sms()


def test_from_a_copy_of_the_rows_with_the_fence_lifted(lost: Lost, tmp_path: Path) -> None:
    new = lost.brought_back(tmp_path / "new")
    fence = lost.school.data / ".smsops" / "fence.json"
    fence.parent.mkdir(exist_ok=True)
    mark = hashlib.sha256(lost.field_key.encode()).hexdigest()[:16]
    fence.write_text(json.dumps({"installation": mark, "token": 1000}))  # it went on after the copy was made
    lift = re.search(r"`rm DATA/(\S+)`", (DOCS / "recovery.md").read_text())
    assert lift is not None
    (lost.school.data / lift[1]).unlink()
    try:
        new.manage("migrate --verbosity=0")
        new.manage(f"ops vault import-keys {lost.kept / 'escrow.json'}")
        new.manage("ops vault reindex school")
        new.manage("ops restore school --backup latest --reason lost --wait")
        assert students(lost.school) == lost.students
    finally:
        new.stop_sms()


def test_rows_move_to_another_database_by_a_dump_with_their_secrets_sealed(lost: Lost, tmp_path: Path) -> None:
    found = DUMP.search((DOCS / "scaling-out.md").read_text())
    assert found is not None
    before, file = lost.brought_back(tmp_path / "before"), tmp_path / "rows.json"
    before.manage(found[1].replace("rows.json", str(file)))
    assert "correct-horse" not in file.read_text()
    after = lost.installation(tmp_path / "after", SMSOPS_FIELD_KEY=lost.field_key)
    for words in ("migrate --verbosity=0", "flush --no-input", f"loaddata {file}"):
        after.manage(words)
    for words, names in (("runs", ("run", "title", "headline", "state")), ("backups school", ("identifier", "digest"))):
        there, here = ([[each[name] for name in names] for each in one.ops(words)] for one in (before, after))
        assert there == here != []
    asked = "from smsops.models import Environment; print(Environment.objects.get().smoke_password)"
    assert "correct-horse" in after.manage(["shell", "-c", asked])
