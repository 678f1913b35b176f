"""Takes evidence before mitigation destroys it, and keeps it: redacted, hashed, for its owner alone (§5.2, I7).

An incident that was not over after all has evidence of each time; what was taken before stays as it was.
"""

from __future__ import annotations

import hashlib
import uuid
from functools import partial
from pathlib import Path

from django.conf import settings

from backups.vault.shelf import explained, sync_folder
from incidents.models import EntryKind, Evidence, Incident
from incidents.models.evidence import name_at
from incidents.services import incidents
from incidents.services.pieces import PIECES
from incidents.services.together import within
from smsops.environments.secrets import known_secrets
from smsops.errors import OpsError
from smsops.models import Run
from smsops.redact import redact

BOUND = 15.0  # seconds the first pieces may take, all together
PIECE = 1024 * 1024


def collect(incident: Incident, seconds: float = BOUND) -> list[Evidence]:
    """Take every first piece that is not there yet this time; one that cannot be taken is noted on the
    timeline and left out."""
    wanted = missing(incident)
    secrets = known_secrets(incident.environment) if wanted else []
    answers = within(seconds, {name: partial(PIECES[name], incident.environment, secrets) for name in wanted})
    taken = []
    for name, answer in answers.items():
        if isinstance(answer, OpsError):
            note_once(incident, f"{name} could not be taken: {answer}")
        else:
            taken += keep(incident, name, answer)
    note_taken(incident, taken)
    return taken


def missing(incident: Incident) -> list[str]:
    """The first pieces that are not there this time."""
    there = set(Evidence.objects.filter(incident=incident, time=incident.reopened).values_list("name", flat=True))
    return [name for name in PIECES if name_at(name, incident.reopened) not in there]


def note_taken(incident: Incident, taken: list[Evidence]) -> None:
    """Say on the timeline what was taken, where anything was."""
    if taken:
        names = ", ".join(piece.name for piece in taken)
        incidents.note(incident, EntryKind.EVIDENCE, f"Evidence taken: {names}.")


def note_once(incident: Incident, text: str) -> None:
    """Say something about the evidence, unless it was said already this time."""
    said = incident.timeline.filter(kind=EntryKind.EVIDENCE, text=redact(text))
    if incident.reopened_at is not None:
        said = said.filter(at__gte=incident.reopened_at)
    if not said.exists():
        incidents.note(incident, EntryKind.EVIDENCE, text)


def keep(incident: Incident, name: str, text: str, run: Run | None = None) -> list[Evidence]:
    """Write a text down as a piece; nothing when another worker was faster."""
    private = folder_of(incident) / f".{uuid.uuid4().hex}"
    with explained(private.parent):
        private.write_bytes(text.encode())
    return keep_file(incident, name, private, run)


def keep_file(
    incident: Incident, name: str, private: Path, run: Run | None = None, *, personal: bool = False
) -> list[Evidence]:
    """Let a finished file on the evidence's own disk become a piece; it is gone from its place afterwards. Its name is
    its digest, so that whoever comes late spoils nothing."""
    with explained(private.parent):
        name = name_at(name, incident.reopened)
        digest, size = digest_of(private), private.stat().st_size
        path = folder_of(incident) / f"{digest[:16]}-{name}"
        private.replace(path)
        sync_folder(path.parent)
    values = {"path": str(path), "sha256": digest, "size": size, "personal": personal, "run": run}
    values["time"] = incident.reopened
    piece, mine = Evidence.objects.get_or_create(incident=incident, name=name, defaults=values)
    if mine:
        return [piece]
    if piece.path != str(path):
        path.unlink(missing_ok=True)
    return []


def folder_of(incident: Incident) -> Path:
    """Where an incident's pieces are."""
    folder = Path(settings.SMSOPS_EVIDENCE_DIR) / f"incident-{incident.pk}"
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, whatever its size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verified(piece: Evidence) -> Path:
    """Where a piece is; OpsError when it is gone or is no longer what was taken."""
    if piece.gone:
        raise OpsError(piece.gone)
    path = Path(piece.path)
    try:
        digest = digest_of(path)
    except OSError as error:
        raise OpsError(f"The evidence {piece.name} cannot be read: {error.strerror}.") from error
    if digest != piece.sha256:
        raise OpsError(f"The evidence {piece.name} was changed after it was taken.")
    return path


def read(piece: Evidence) -> bytes:
    """What was taken; OpsError when the file is gone or is no longer what was taken."""
    return verified(piece).read_bytes()


__all__ = ["PIECES", "collect", "digest_of", "folder_of", "keep", "keep_file", "missing", "read", "verified"]
