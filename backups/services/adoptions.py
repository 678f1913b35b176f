"""Adopting backups that smsops did not take (B14): SMS's own, those of its scripts, dumps made by hand.

An adopted file is not trusted. It is restored like any other backup, but it never counts for the RPO, is never “latest”
while there is one of our own, and no policy lets it go.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from backups.adoption import files, names
from backups.adoption.limits import Limits
from backups.adoption.recognition import Kind
from backups.models import Reason
from backups.services import schedule
from backups.vault.shelf import explained, make_private
from smsops.errors import OpsError, WrongUse
from smsops.models import Environment, Run
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.text import bytes_text

KIND = "adoption"
STEPS = (
    "adopt.take_in",
    "adopt.recognise",
    "adopt.make",
    "adopt.check",
    "backup.store",
    "backup.catalogue",
    "adopt.conclude",
)
AHEAD = timedelta(minutes=5)  # two clocks may differ by
FORGOTTEN = 24 * 3600.0  # seconds after which an upload that no run wants is removed


def limits() -> Limits:
    """What a file from elsewhere may cost."""
    return Limits(size=settings.SMSOPS_ADOPT_BYTES, seconds=settings.SMSOPS_ADOPT_SECONDS)


def plan(
    environment: Environment, file: Path, name: str = "", taken_at: datetime | None = None, *, uploaded: bool = False
) -> Plan:
    """What adopting `file` would do; `name` is its own name where the path is another. WrongUse for a time that cannot
    be."""
    name = name or file.name
    moment, why = taken_at, ""
    if moment is None:
        moment, why = names.taken_at(name, zone_of(environment)), ", as its name says"
    if moment is not None:
        check_moment(moment, name)
    return Plan(
        kind=KIND,
        title=f"Adopt {name[:100]} at {environment.name}",
        environment=environment,
        steps=tuple(PlannedStep(kind) for kind in STEPS),
        params={
            "file": str(file),
            "name": name[:200],
            "uploaded": uploaded,
            "taken_at": moment.astimezone(UTC).isoformat() if moment else "",
            "taken_from": why,
            "backup_reason": Reason.ADOPTED,
        },
        notes=notes(),
    )


def notes() -> tuple[str, ...]:
    """What a person should know before."""
    return (
        "The file is copied, recognised by its content and checked in a program that can do nothing else; "
        "SMS is not touched.",
        "Taken in are SQLite databases and SQL dumps of them, also packed with gzip, "
        f"up to {bytes_text(limits().size)}, and custom dumps where the environment has PostgreSQL.",
        "It is then a backup like any other, but it never counts for the RPO and no policy lets it go.",
    )


def request(environment: Environment, file: Path, by: By, taken_at: datetime | None = None) -> Run:
    """Queue the adoption of a file on this machine, by its whole path."""
    return submit(plan(environment, file, taken_at=taken_at), by)


def upload(
    environment: Environment, name: str, content: Iterable[bytes], by: By, taken_at: datetime | None = None
) -> Run:
    """Queue the adoption of an uploaded file. Nothing stays behind when it is refused."""
    _sweep()
    name = name.replace("\\", "/").rpartition("/")[2] or "upload"
    file = _uploads() / uuid.uuid4().hex
    planned = plan(environment, file, name, taken_at, uploaded=True)
    if not planned.params["taken_at"]:
        raise WrongUse(f"The name {name} does not tell when the data is from; say so.")
    try:
        with explained(file.parent):
            files.write(content, file, settings.SMSOPS_UPLOAD_BYTES, name)
        return submit(planned, by)
    except BaseException:
        forget(file)
        raise


def claim(upload: Path, folder: Path) -> None:
    """Move an uploaded file into its run's folder; done already is fine."""
    with contextlib.suppress(FileNotFoundError):
        upload.replace(folder / upload.name)


def forget(upload: Path) -> None:
    """Remove an uploaded file; a missing one is fine."""
    if upload.parent == _uploads():
        upload.unlink(missing_ok=True)


def refuse(environment: Environment, kind: Kind, name: str) -> None:
    """Raise OpsError when the environment's database is of another engine than the file."""
    postgres = getattr(environment, "database_engine", "sqlite") == "postgresql"
    if kind is Kind.POSTGRES and not postgres:
        raise OpsError(f"{name} is a dump of PostgreSQL, and {environment.name} has SQLite; neither becomes the other.")
    if kind is not Kind.POSTGRES and postgres:
        raise OpsError(f"{name} is for SQLite, and {environment.name} has PostgreSQL; neither becomes the other.")


def check_moment(moment: datetime, name: str) -> None:
    """Raise WrongUse when data cannot be from then."""
    if moment > timezone.now() + AHEAD:
        raise WrongUse(f"{name} would be from {moment:%Y-%m-%d %H:%M} UTC, which is yet to come.", fix="Say the time.")


def zone_of(environment: Environment) -> ZoneInfo:
    """The school's own time zone: times in names of backups are local ones."""
    return ZoneInfo(schedule.of(environment).time_zone)


def _uploads() -> Path:
    folder = Path(settings.SMSOPS_WORK_DIR) / "uploads"
    make_private(folder)
    return folder


def _sweep() -> None:
    """Remove uploads that nobody came for: whoever wrote them was lost before the run was there."""
    for path in _uploads().iterdir():
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > FORGOTTEN:
                path.unlink()
