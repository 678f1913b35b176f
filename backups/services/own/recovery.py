"""smsops itself brought back from a backup of its own rows, into an empty database."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.models import F

from backups.models import OwnBackups
from backups.services import housekeeping
from backups.services.own import copies
from backups.services.own.databases import OwnDatabase, own
from backups.vault.manifest import Manifest
from backups.vault.remote import Site, opened
from backups.vault.replication import replicate
from smsops import resealing
from smsops.audit.recording import record
from smsops.errors import OpsError, WrongUse
from smsops.models import ACTIVE, Environment, Lease, Run, Trigger
from smsops.models.audit import Sort
from smsops.runs import cancel
from smsops.runs.plan import By

AHEAD = 1_000_000  # tokens of workers after the backup was taken, at the very most


@dataclass
class Recovered:
    """What came back, and what a person should know."""

    identifier: str
    tables: int
    rows: int
    resealed: int = 0
    cancelled: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def fetch(site: Site) -> int:
    """Copy the backups of smsops' own rows from an off-site vault into the one here; how many are here then."""
    kept = copies.vault()
    work = Path(settings.SMSOPS_WORK_DIR) / "own" / "fetched"
    with opened(site) as shelf:
        report = replicate(shelf, kept.shelf, kept.keys, work)
    if report.faults:
        raise OpsError(" ".join(map(str, report.faults[:5])))
    return len(kept.identifiers())


def restore(identifier: str) -> Recovered:
    """Bring a backup back; “latest” is the newest that can be read. WrongUse, and nothing is changed, when the database
    is not empty, the backup is unknown, of another kind of database or from a newer smsops."""
    database, manifest = own(), _chosen(identifier)
    if counts := database.row_counts():
        fix = "Begin with an empty one; nothing is ever written over."
        raise WrongUse(f"The database {database} is not empty: it has {len(counts)} tables. {fix}")
    _refuse_what_does_not_fit(manifest, database)
    with copies.room() as folder:
        copies.vault().read(manifest.identifier, folder / "copy")
        connections.close_all()
        database.put(folder / "copy")
    if (found := database.row_counts()) != manifest.row_counts:
        wrong = [name for name in manifest.row_counts if found.get(name) != manifest.row_counts[name]]
        raise OpsError(f"Other rows came back than were backed up: {', '.join(wrong[:5])}.")
    call_command("migrate", verbosity=0, interactive=False)
    recovered = Recovered(manifest.identifier, len(found), sum(found.values()))
    _conclude(manifest, recovered)
    return recovered


def _chosen(identifier: str) -> Manifest:
    found = copies.listed()
    if not found:
        raise WrongUse(f"There is no backup of smsops' own rows in {copies.vault().shelf.root} that can be read.")
    if identifier == "latest":
        return found[0]
    chosen = next((each for each in found if each.identifier == identifier), None)
    if chosen is None:
        raise WrongUse(f"There is no backup “{identifier}” of smsops' own rows; “ops own-backup list” names them.")
    return chosen


def _refuse_what_does_not_fit(manifest: Manifest, database: OwnDatabase) -> None:
    if manifest.engine != database.engine:
        raise WrongUse(f"The backup is of {manifest.engine}, and the database here is {database.engine}.")
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    newer = [name for name in manifest.schema_revision.split(",") if name not in known]
    if newer:
        raise WrongUse(f"The backup is from a newer smsops: it has {newer[0]}. Take that version, or an older backup.")


def _conclude(manifest: Manifest, recovered: Recovered) -> None:
    """Tokens above all that were ever given; no run of then goes on; secrets sealed with the field key of now; and the
    catalogues say what is in the vault now. What no worker may meet goes first."""
    Lease.objects.update(token=F("token") + AHEAD)
    OwnBackups.objects.all().delete()  # how they stood then; until a worker looks, the vault is asked
    why = f"smsops was brought back from its backup {manifest.identifier}"
    for run in Run.objects.filter(state__in=ACTIVE).select_related("environment"):
        cancel.request(run, By(Trigger.SYSTEM, name="smsops", reason=why))
        recovered.cancelled.append(f"run {run.pk}, {run.title}")
    try:
        if (earlier := copies.disclosed(manifest, copies.vault().keys)) != settings.FIELD_KEY:
            recovered.resealed = resealing.reseal(earlier)
    except OpsError as error:
        recovered.problems.append(f"The secrets were not sealed anew: {error}")
    for environment in Environment.objects.all():
        try:
            recovered.problems += housekeeping.reindex(environment).problems
        except OpsError as error:
            recovered.problems.append(f"{environment.name}: {error}")
    given = {"backup": manifest.identifier, "rows": recovered.rows, "cancelled": len(recovered.cancelled)}
    record("own-backup.restore", sort=Sort.TRAIL, given=given)
