"""The data before SMS is touched: a backup, the database, room beside it, a schema the release knows (runbook §1)."""

from __future__ import annotations

from datetime import timedelta

from backups import selectors as backup_selectors
from deployments.checks.base import PRECONDITIONS, Check, Result, Target
from deployments.checks.registry import register
from smsops.text import age_text, bytes_text

MAX_AGE = timedelta(hours=24)
FREE_COPIES = 3  # the held copy, a migration's own copy, and air


def _within(words: str) -> str:
    """The words as they stand within a sentence; a name stays as it is."""
    return words if words[:2].isupper() else words[0].lower() + words[1:]


@register
class RecentBackup(Check):
    key, title, section, stages, order = "backup", "Backup", "§1", (PRECONDITIONS,), 50

    def run(self, target: Target) -> Result:
        newest = backup_selectors.latest_good(target.environment)
        if newest is None:
            return self.warned("There is no good backup yet; the deploy takes one first.")
        if newest.age > MAX_AGE:
            return self.warned(f"The newest is from {age_text(newest.age)}; the deploy takes one first.")
        return self.passed(f"{newest.identifier}, {age_text(newest.age)}, {_within(newest.get_proof_display())}.")


@register
class DataReachable(Check):
    key, title, section, stages, order = "volume", "Volume", "§1", (PRECONDITIONS,), 60
    always = True

    def run(self, target: Target) -> Result:
        database = target.database
        if not database.exists():
            return self.warned(f"There is no database in {database.place} yet; a first installation makes one.")
        return self.passed(f"{database.name} is there, {bytes_text(database.size())}.")


@register
class DiskSpace(Check):
    key, title, section, stages, order = "disk", "Disk", "§1", (PRECONDITIONS,), 80

    def run(self, target: Target) -> Result:
        size, free = target.database.size(), target.database.room()
        if free is None:
            return self.skipped(f"How much room {target.database.place} has cannot be seen from here.")
        if free < size * FREE_COPIES:
            need = bytes_text(size * FREE_COPIES)
            return self.failed(f"{bytes_text(free)} are left beside the database; {need} are needed.", "Make room.")
        return self.passed(f"{bytes_text(free)} are left beside the database.")


@register
class SchemaKnown(Check):
    """SMS does not start on a revision it does not know (sms-contract, surprise 10)."""

    key, title, section, stages, order = "schema", "Schema", "§4.1", (PRECONDITIONS,), 70

    def run(self, target: Target) -> Result:
        if not target.database.exists():
            return self.passed("There is no schema yet.")
        revision = target.database.revision() if target.at is None else ",".join(target.at)
        if not target.revisions:
            return self.warned(f"It is unknown which revisions {target.version} knows; the database is at {revision}.")
        unknown = [name for name in revision.split(",") if name and name not in target.revisions]
        if unknown:
            return self.failed(
                f"The database is at {revision}, which {target.version} does not know; it would not start.",
                "Going back needs the data of before that migration: restore a backup.",
            )
        if revision == target.heads:
            return self.passed(f"The database is at {revision}, as {target.version} needs it.")
        return self.passed(f"The database moves from {revision or 'nothing'} to {target.heads}.")
