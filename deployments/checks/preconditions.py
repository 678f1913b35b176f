"""What must hold before SMS is touched (runbook §1)."""

from __future__ import annotations

import socket
from datetime import timedelta

from backups import selectors as backup_selectors
from deployments.checks.base import Check, Result, Target
from deployments.checks.signing_key import KeyUnchanged
from smsops import envfile
from smsops.text import age_text, bytes_text

WEAK_WORDS = ("change", "placeholder", "your-secret-key")  # SMS's own rule (sms-contract §8)
MIN_LENGTH, GOOD_LENGTH = 32, 48  # SMS refuses below the first, the runbook asks for the second
MAX_AGE = timedelta(hours=24)
FREE_COPIES = 3  # the held copy, a migration's own copy, and air


class Secrets(Check):
    key, title, section = "secrets", "Secrets", "§1"

    def run(self, target: Target) -> Result:
        if not target.environment.env_file:
            return self.warned("No env file is set, so SMS's SECRET_KEY cannot be judged.", "Set the env file.")
        value = envfile.read(target.environment.env_file).get("SECRET_KEY", "")
        fix = 'Make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'
        if not value:
            return self.failed("SECRET_KEY is missing from the env file.", fix)
        if len(value) < MIN_LENGTH or any(word in value.lower() for word in WEAK_WORDS):
            return self.failed("SECRET_KEY is weak: SMS refuses it or signs tokens anybody can forge.", fix)
        if len(value) < GOOD_LENGTH:
            return self.warned(f"SECRET_KEY has {len(value)} characters; the runbook asks for {GOOD_LENGTH}.", fix)
        return self.passed(f"SECRET_KEY is strong ({len(value)} characters).")


class ImagePresent(Check):
    key, title, section = "image", "Image", "§1"

    def run(self, target: Target) -> Result:
        if not target.image_id:
            fix = "Build or load the image, then import the releases again."
            return self.failed(f"There is no image of release {target.version}.", fix)
        if target.runtime.image(target.image_id) is None:
            return self.failed(f"The image of {target.version} is gone from the engine.", "Build or load it again.")
        return self.passed(f"{target.version} is {target.image_id[:19]}.")


class RecentBackup(Check):
    key, title, section = "backup", "Backup", "§1"

    def run(self, target: Target) -> Result:
        newest = backup_selectors.latest_good(target.environment)
        if newest is None:
            return self.warned("There is no good backup yet; the deploy takes one first.")
        if newest.age > MAX_AGE:
            return self.warned(f"The newest is from {age_text(newest.age)}; the deploy takes one first.")
        return self.passed(f"{newest.identifier}, {age_text(newest.age)}, {newest.get_proof_display().lower()}.")


class DataReachable(Check):
    key, title, section = "volume", "Volume", "§1"

    def run(self, target: Target) -> Result:
        database = target.database
        if not database.exists():
            return self.warned(f"There is no database in {database.place} yet; a first installation makes one.")
        return self.passed(f"{database.name} is there, {bytes_text(database.size())}.")


class VersionStated(Check):
    key, title, section = "version", "Version", "§1"

    def run(self, target: Target) -> Result:
        if target.notes:
            return self.warned(target.notes, "Check that this is the release you mean.")
        return self.passed(f"{target.version}: tag, VERSION and CHANGELOG agree.")


class DiskSpace(Check):
    key, title, section = "disk", "Disk", "§1"

    def run(self, target: Target) -> Result:
        size, free = target.database.size(), target.database.room()
        if free is None:
            return self.skipped(f"How much room {target.database.place} has cannot be seen from here.")
        if free < size * FREE_COPIES:
            need = bytes_text(size * FREE_COPIES)
            return self.failed(f"{bytes_text(free)} are left beside the database; {need} are needed.", "Make room.")
        return self.passed(f"{bytes_text(free)} are left beside the database.")


class PortFree(Check):
    key, title, section = "port", "Port", "§1"

    def run(self, target: Target) -> Result:
        port, found = target.environment.host_port, target.instance
        if found is not None and found.up:
            return self.passed(f"{port} is SMS's own.")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return self.failed(f"Port {port} is in use by another program.", "End it or choose another port.")
        return self.passed(f"{port} is free.")


class SchemaKnown(Check):
    """SMS does not start on a revision it does not know (sms-contract, surprise 10)."""

    key, title, section = "schema", "Schema", "§4.1"

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


PRECONDITIONS: tuple[Check, ...] = (
    Secrets(),
    ImagePresent(),
    RecentBackup(),
    DataReachable(),
    VersionStated(),
    DiskSpace(),
    PortFree(),
    SchemaKnown(),
    KeyUnchanged(),
)
