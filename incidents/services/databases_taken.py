"""A copy of SMS's database as evidence: checked, and sealed like a backup, for it has everybody's data in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from backups import selectors
from backups.services import databases
from backups.vault import envelopes
from backups.vault.shelf import explained
from incidents.models import EntryKind, Evidence, Incident
from incidents.services import evidence, incidents
from smsops.errors import OpsError, WrongUse
from smsops.models import Environment, Run
from smsops.redact import redact
from smsops.runtimes.registry import runtime_for
from smsops.text import bytes_text

NAME = "database.sealed"
MOST = 2_000_000_000  # bytes of a database that is copied as evidence; larger ones have their backups
SPARE = 500_000_000  # bytes that stay free
PERMISSION = "incidents.open_personal_evidence"


def copy(environment: Environment, target: Path) -> None:
    """Copy the live database to the new file. OpsError where there is none, it is too large, or there is no room."""
    database = databases.of(environment, runtime_for(environment))
    if not database.exists():
        raise OpsError(f"There is no database at {database.place}.")
    size, free = database.size(), shutil.disk_usage(target.parent).free
    if size > MOST:
        raise OpsError(f"The database has {bytes_text(size)}; as evidence at most {bytes_text(MOST)} are copied.")
    if free < 2 * size + SPARE:
        raise OpsError(f"{target.parent} has {bytes_text(free)} left; a copy and its seal need {bytes_text(2 * size)}.")
    with explained(target.parent):
        target.unlink(missing_ok=True)
        database.snapshot(target)


def problem(environment: Environment, snapshot: Path) -> str:
    """What the engine's own check says of the copy; empty when it is good."""
    database = databases.of(environment, runtime_for(environment))
    try:
        return database.facts(snapshot).problem
    except OpsError as error:
        return error.message


def seal(incident: Incident, snapshot: Path, run: Run | None) -> list[Evidence]:
    """Keep the copy as a piece nobody can read without the vault's keys."""
    private = evidence.folder_of(incident) / f".run-{run.pk if run else 0}.sealed"
    with snapshot.open("rb") as source:
        envelopes.seal(source, private, selectors.keyring(), about(incident))
    return evidence.keep_file(incident, NAME, private, run, personal=True)


def about(incident: Incident) -> dict[str, str]:
    """What the seal is bound to."""
    return {"evidence": NAME, "incident": str(incident.pk), "environment": incident.environment.name}


def opened(piece: Evidence, who: str, why: str) -> Iterator[bytes]:
    """The copy itself, piece by piece; that it was opened, by whom and why, is on the timeline before the first."""
    if not piece.personal:
        raise WrongUse(f"{piece.name} is not sealed; it is read on the incident's page.")
    if not why.strip():
        raise WrongUse("Say why it is opened.")
    path = evidence.verified(piece)
    said = f"{piece.name}, which has personal data in it, was opened: {redact(why.strip())}"
    incidents.note(piece.incident, EntryKind.EVIDENCE, said, author=who)
    return envelopes.unseal(path, selectors.keyring(), about(piece.incident))
