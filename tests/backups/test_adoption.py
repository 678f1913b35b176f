"""Files from elsewhere become backups like any other; bad ones are refused in one sentence and leave nothing."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from backups import selectors
from backups.models import Backup, Proof, Reason
from backups.services import adoptions, backups, housekeeping, restores, schedule
from smsops.errors import WrongUse
from smsops.models import Environment, Run, RunState
from smsops.runs.plan import By
from tests.backups import strangers
from tests.backups.strangers import BAD
from tests.factories import make_environment, make_run
from tests.kills import kill_at_every_boundary
from tests.places import Place, digest, drive

pytestmark = pytest.mark.django_db(transaction=True)
BY = By(name="test")
NAME = "student_management.db.2025-12-10-17-30-00.bak"


@pytest.fixture
def environment() -> Environment:
    """An environment without an SMS; times in names are those of Athens."""
    environment = make_environment()
    environment.schedule = schedule.of(environment)
    environment.schedule.time_zone = "Europe/Athens"
    environment.schedule.save()
    return Environment.objects.get(pk=environment.pk)


def adopt(environment: Environment, file: Path, taken_at: datetime | None = None) -> Run:
    return drive(adoptions.request(environment, file, BY, taken_at))


def adopted(environment: Environment, file: Path) -> Backup:
    """Adopt a good file."""
    run = adopt(environment, file)
    assert run.state == RunState.SUCCEEDED, run.headline
    return Backup.objects.get(run=run)


def left() -> list[str]:
    """What is in the work folder and in the vault."""
    found = []
    for folder in (settings.SMSOPS_WORK_DIR, settings.SMSOPS_VAULT_DIR):
        found += [str(path) for path in Path(folder).rglob("*") if path.is_file() and path.name != "lock"]
    return found


def content(database: Path) -> list[str]:
    """Everything in it, row by row."""
    with closing(sqlite3.connect(database)) as connection:
        return list(connection.iterdump())


GOOD: dict[str, Callable[[Path, Path], Path]] = {
    "a database": strangers.quiet,
    "a packed database": lambda db, to: strangers.packed(strangers.quiet(db, to.with_suffix(".x")), to),
    "a dump": strangers.dump,
    "a packed dump": lambda db, to: strangers.packed(strangers.dump(db, to.with_suffix(".x")), to),
}


@pytest.mark.parametrize("make", GOOD.values(), ids=GOOD)
def test_a_good_file_comes_back_row_by_row(
    environment: Environment, school: Path, tmp_path: Path, make: Callable[[Path, Path], Path]
) -> None:
    backup = adopted(environment, make(school, tmp_path / "sms_backup_20251116_120000.any"))
    selectors.vault_of(environment).read(backup.identifier, tmp_path / "back.db")
    assert content(tmp_path / "back.db") == content(school)
    assert (backup.reason, backup.proof, backup.row_counts["students"]) == (Reason.ADOPTED, Proof.CHECKED, 200)


def test_a_database_comes_back_byte_by_byte(environment: Environment, school: Path, tmp_path: Path) -> None:
    file = strangers.quiet(school, tmp_path / NAME)
    selectors.vault_of(environment).read(adopted(environment, file).identifier, tmp_path / "back.db")
    assert (tmp_path / "back.db").read_bytes() == file.read_bytes()


def test_its_name_and_its_time_are_kept(environment: Environment, school: Path, tmp_path: Path) -> None:
    backup = adopted(environment, strangers.quiet(school, tmp_path / NAME))
    assert (backup.source, backup.taken_at) == (NAME, datetime(2025, 12, 10, 15, 30, tzinfo=UTC))
    Backup.objects.all().delete()
    housekeeping.reindex(environment)
    again = Backup.objects.get()
    assert (again.source, again.reason, again.pinned) == (NAME, Reason.ADOPTED, True)


def test_a_time_that_is_given_wins(environment: Environment, school: Path, tmp_path: Path) -> None:
    given = datetime(2024, 1, 2, 3, 4, tzinfo=UTC)
    adopt(environment, strangers.quiet(school, tmp_path / NAME), given)
    assert Backup.objects.get().taken_at == given


def test_without_a_time_in_its_name_it_is_from_when_it_was_written(
    environment: Environment, school: Path, tmp_path: Path
) -> None:
    run = adopt(environment, strangers.quiet(school, tmp_path / "x.db"))
    assert timezone.now() - Backup.objects.get(run=run).taken_at < timedelta(minutes=1)
    assert "when the file was last written; nobody said otherwise" in run.steps.get(kind="adopt.check").output


def test_a_time_to_come_is_refused(environment: Environment, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="which is yet to come"):
        adoptions.request(environment, tmp_path / "x.db", BY, timezone.now() + timedelta(days=1))


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_one_sentence_and_leaves_nothing(
    environment: Environment, school: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(settings, "SMSOPS_ADOPT_BYTES", 20 * 1000**2)
    make, sentence = BAD[kind]
    run = adopt(environment, make(school, tmp_path / "stranger"))
    assert run.state == RunState.SAFE, run.headline
    assert sentence in run.cause
    assert len(run.cause) < 400
    assert left() == []
    assert not Path("/tmp/smsops-evil").exists()
    assert not Path("/tmp/smsops-evil.db").exists()


def test_a_dump_may_take_only_so_long(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SMSOPS_ADOPT_SECONDS", 1.0)
    rows = "INSERT INTO students(name) VALUES " + ",".join(["('x')"] * 400) + ";\n"
    slow = (
        "INSERT INTO students SELECT NULL, a.name FROM students a, students b, students c WHERE a.id = b.id + c.id;\n"
    )
    run = adopt(environment, strangers.text(tmp_path / "x.sql", strangers.MORE + rows + slow * 20))
    assert run.cause.endswith("x.sql is not adopted. It takes longer than 1 s.")
    assert left() == []


def test_a_digest_in_the_name_that_is_another_one_is_told(
    environment: Environment, school: Path, tmp_path: Path
) -> None:
    file = strangers.quiet(school, tmp_path / "x")
    digest_start = hashlib.sha256(file.read_bytes()).hexdigest()[:8].upper()
    right, wrong = tmp_path / f"sms_backup_20251116_120000_{digest_start}.db", "sms_backup_20251116_120000_00C0FFEE.db"
    shutil.copy(file, right)
    file.rename(tmp_path / wrong)
    assert "changed or cut off" not in adopt(environment, right).headline
    assert "Its name says 00C0FFEE: it was changed or cut off" in adopt(environment, tmp_path / wrong).headline


def test_a_log_beside_it_that_is_not_taken_in_is_told(environment: Environment, school: Path, tmp_path: Path) -> None:
    file = strangers.quiet(school, tmp_path / NAME)
    file.with_name(f"{NAME}-wal").write_bytes(b"x")
    assert "A write-ahead log lies beside it" in adopt(environment, file).headline


def test_what_it_has_beyond_and_lacks_is_told(environment: Environment, school: Path, tmp_path: Path) -> None:
    change = "CREATE TRIGGER pass AFTER UPDATE ON users BEGIN SELECT 1; END; DROP TABLE attendances; " \
             "DELETE FROM alembic_version;"  # fmt: skip
    said = adopt(environment, strangers.altered(school, tmp_path / NAME, change)).headline
    assert "It lacks attendances." in said
    assert "It tells no schema revision" in said
    assert "this has trigger pass" in said


def test_an_adopted_backup_is_never_the_latest_while_there_is_one_of_our_own(
    environment: Environment, school: Path, tmp_path: Path
) -> None:
    file = strangers.quiet(school, tmp_path / "x.db")
    alone = adopted(environment, file)
    assert selectors.latest_good(environment) == alone
    shutil.copy2(file, Path(environment.data_path) / environment.database_file)
    own = Backup.objects.get(run=drive(backups.request(environment, BY)))
    Backup.objects.filter(pk=alone.pk).update(taken_at=timezone.now())
    assert selectors.latest_good(environment) == own


def test_tidying_up_leaves_it(environment: Environment, school: Path, tmp_path: Path) -> None:
    adopted(environment, strangers.quiet(school, tmp_path / "sms_backup_20211116_120000.db"))
    drive(housekeeping.request(environment, BY))
    assert Backup.objects.count() == 1


@pytest.mark.slow
def test_an_adoption_survives_a_kill_at_every_boundary(environment: Environment, school: Path, tmp_path: Path) -> None:
    packed = strangers.packed(strangers.dump(school, tmp_path / "x.sql"), tmp_path / f"{NAME}.sql.gz")
    run = adoptions.request(environment, packed, BY)
    deaths = kill_at_every_boundary(run, lambda: None)
    assert run.state == RunState.SUCCEEDED, run.headline
    assert {"adopt.take_in:acted", "adopt.make:acted", "backup.store:acted"} <= deaths.at
    assert Backup.objects.get(run=run).row_counts["students"] == 200
    assert [path for path in left() if "run-" in path] == []


def test_an_upload_is_adopted_and_gone(environment: Environment, school: Path, tmp_path: Path) -> None:
    data = strangers.quiet(school, tmp_path / "x").read_bytes()
    run = drive(adoptions.upload(environment, f"C:\\backups\\{NAME}", [data[:5000], data[5000:]], BY))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert Backup.objects.get(run=run).source == NAME
    assert [path for path in left() if "uploads" in path or "run-" in path] == []


def test_a_refused_upload_leaves_nothing(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WrongUse, match=r"The name x\.db does not tell when the data is from"):
        adoptions.upload(environment, "x.db", [b"x"], BY)
    make_run(environment, state=RunState.RUNNING)
    with pytest.raises(WrongUse, match="is under way"):
        adoptions.upload(environment, NAME, [b"x"], BY)
    assert left() == []


@pytest.mark.slow
def test_an_adopted_backup_is_restored_into_a_running_sms(native_sms: Place, tmp_path: Path) -> None:
    file = strangers.quiet(native_sms.database, tmp_path / NAME)
    native_sms.execute("DELETE FROM grades")
    backup = adopted(native_sms.environment, file)
    assert drive(backups.verify(backup, BY)).state == RunState.SUCCEEDED
    run = drive(restores.start(backup, BY))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert digest(native_sms.database) == digest(file)
