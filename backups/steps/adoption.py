"""The steps of an adoption: a file from elsewhere becomes a backup like any other (B14).

Until the vault takes it, everything happens in the run's work folder; what the file makes SQLite do happens in a
program of its own, behind bars.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from backups.adoption import caged, files, recognition
from backups.adoption.caged import Seen
from backups.adoption.names import digest_start
from backups.adoption.recognition import TITLES, Kind
from backups.services import adoptions
from backups.steps.backup import SNAPSHOT
from backups.vault.shelf import explained
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs import scratch
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome
from smsops.runs.scratch import ScratchStep
from smsops.text import bytes_text, count_text

TAKEN, UNPACKED = "adopted", "adopted.unpacked"


def name_of(ctx: Context) -> str:
    """The file's own name."""
    name: str = ctx.params["name"]
    return name


class TakeIn(ScratchStep):
    """Copies the file into the run's work folder, or moves it there when it was uploaded."""

    key = "adopt.take_in"
    title = "Take the file in"
    phase = Phase.PREPARE
    timeout = 1800
    undo_note = "The copy, or the uploaded file, is removed."

    def do(self, ctx: Context) -> Outcome:
        source, limit = Path(ctx.params["file"]), adoptions.limits().size
        if ctx.params["uploaded"]:
            adoptions.claim(source, ctx.work_dir)  # a move: entered again, it is there already
            source = ctx.work_dir.resolve() / source.name
        with explained(ctx.work_dir):
            taken = files.take_in(source, ctx.work_dir / TAKEN, limit)
        said = [f"{bytes_text(taken.size)}, SHA-256 {taken.sha256[:16]}…."]
        wanted = digest_start(name_of(ctx))
        if wanted and not taken.sha256.startswith(wanted):
            said.append(f"Its name says {wanted.upper()}: it was changed or cut off after it was made.")
        if not ctx.params["uploaded"] and source.with_name(f"{source.name}-wal").exists():
            said.append("A write-ahead log lies beside it and is not taken in: what is only there is missing.")
        result = {"size": taken.size, "sha256": taken.sha256, "changed_at": taken.changed_at, "warnings": said[1:]}
        return Done(result, " ".join(said))

    def undo(self, ctx: Context) -> Outcome:
        if ctx.params["uploaded"]:
            adoptions.forget(Path(ctx.params["file"]))
        return super().undo(ctx)


class Recognise(ScratchStep):
    """Tells what the file is, by its content alone, and unpacks it where it is packed."""

    key = "adopt.recognise"
    title = "Recognise it by its content"
    phase = Phase.PREPARE
    timeout = 1800

    def do(self, ctx: Context) -> Outcome:
        name, file = name_of(ctx), ctx.work_dir / TAKEN
        kind, packed = recognition.recognise(file, name), ""
        if kind is Kind.GZIP:
            with explained(ctx.work_dir):
                unpacked = files.unpack(file, ctx.work_dir / UNPACKED, adoptions.limits().size, name)
            kind, packed = recognition.recognise(ctx.work_dir / UNPACKED, name), bytes_text(unpacked.size)
        if kind is Kind.GZIP:
            raise OpsError(f"{name} is packed more than once.", fix="Unpack it, then adopt what is in it.")
        adoptions.refuse(ctx.environment, kind, name)
        said = f"It is {TITLES[kind]}{f', packed with gzip: {packed}' if packed else ''}."
        return Done({"kind": kind, "packed": bool(packed)}, said)


class MakeDatabase(ScratchStep):
    """Plays a dump into a new database, behind bars; a database is taken as it is."""

    key = "adopt.make"
    title = "Make a database of it"
    phase = Phase.PREPARE
    timeout = 1800

    def do(self, ctx: Context) -> Outcome:
        packed, kind = ctx.fact("adopt.recognise", "packed"), ctx.fact("adopt.recognise", "kind")
        file, snapshot = ctx.work_dir / (UNPACKED if packed else TAKEN), ctx.work_dir / SNAPSHOT
        if kind != Kind.SQL:
            if file.exists():  # else it was moved before a worker was lost
                file.replace(snapshot)
            return Done(output="It is taken as it is.")
        with explained(ctx.work_dir):
            count = caged.play(file, snapshot, adoptions.limits(), name_of(ctx))
        return Done({"statements": count}, f"{count_text(count, 'statement')} played.")


class CheckDatabase(ScratchStep):
    """Looks into the database behind bars: whole, nothing in it that could act, and really one of SMS."""

    key = "adopt.check"
    title = "Check it, behind bars"
    phase = Phase.VALIDATE
    timeout = 1800

    def do(self, ctx: Context) -> Outcome:
        warnings = list(ctx.fact("adopt.take_in", "warnings", []))
        if ctx.fact("adopt.recognise", "kind") == Kind.POSTGRES:
            said = "The PostgreSQL tools check it when it is stored."
        else:
            seen = caged.look(ctx.work_dir / SNAPSHOT, adoptions.limits(), name_of(ctx))
            warnings += _missing(ctx, seen) + _extras(seen)
            rows = count_text(sum(seen.tables.values()), "row")
            said = f"integrity_check: ok; {count_text(len(seen.tables), 'table')}, {rows}."
        taken_at, why = _moment(ctx)
        result = {"taken_at": taken_at.isoformat(), "source": name_of(ctx), "warnings": warnings}
        return Done(result, " ".join([said, f"The data is from {taken_at:%Y-%m-%d %H:%M:%S} UTC{why}.", *warnings]))


def _moment(ctx: Context) -> tuple[datetime, str]:
    """When the data is from, and how that is known where nobody said it."""
    if ctx.params["taken_at"]:
        return datetime.fromisoformat(ctx.params["taken_at"]), ctx.params["taken_from"]
    changed = datetime.fromtimestamp(ctx.fact("adopt.take_in", "changed_at"), UTC)
    adoptions.check_moment(changed, name_of(ctx))
    return changed.replace(microsecond=0), ", when the file was last written; nobody said otherwise"


def _missing(ctx: Context, seen: Seen) -> list[str]:
    """What an SMS database has and this one lacks; OpsError where it is none at all."""
    wanted = ctx.environment.core_tables
    lacking = [table for table in wanted if table not in seen.tables]
    if wanted and len(lacking) == len(wanted):
        raise OpsError(f"{name_of(ctx)} is a sound database, but not one of SMS: it has no table “{wanted[0]}”.")
    said = [f"It lacks {', '.join(lacking)}."] if lacking else []
    return said if seen.revision else [*said, "It tells no schema revision, so SMS may not start on it."]


def _extras(seen: Seen) -> list[str]:
    if not seen.extras:
        return []
    return [f"SMS makes no views and triggers; this has {', '.join(seen.extras)}: look at them before a restore."]


class Conclude(ScratchStep):
    """Says what came of it, with every warning."""

    key = "adopt.conclude"
    title = "Say what came of it"
    phase = Phase.VALIDATE
    essential = False

    def do(self, ctx: Context) -> Outcome:
        scratch.clear(ctx)
        identifier, warnings = ctx.fact("backup.store", "identifier"), ctx.fact("adopt.check", "warnings", [])
        counts: dict[str, int] = ctx.fact("backup.store", "row_counts", {})
        rows = count_text(counts.get("students", sum(counts.values())), "student")
        headline = " ".join([f"{name_of(ctx)} is the backup {identifier} now: {rows}.", *warnings])
        return Done({"headline": headline}, headline)
