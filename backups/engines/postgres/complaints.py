"""What the server and its programs say when something is wrong, as one sentence for an operator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from smsops.environments.database_url import DatabaseUrl
from smsops.errors import OpsError


@dataclass(frozen=True)
class Complaint:
    """A pattern in what was said (its last group is `found`), the sentence for it, and what to do."""

    mark: str
    sentence: str
    fix: str = ""
    transient: bool = False


KNOWN = (
    Complaint(
        "no pg_hba.conf entry for replication connection|pg_hba.conf rejects replication connection",
        "PostgreSQL at {server} does not let the user {user} in to receive its log.",
        "In the server's pg_hba.conf, add a line “host replication {user} ADDRESS scram-sha-256” and reload it.",
    ),
    Complaint(
        "replication role|permission denied to start WAL sender|permission denied to use replication slots",
        "The user {user} may not receive the log of {server}, which point in time and base backups need.",
        "As the server's administrator: ALTER ROLE {user} REPLICATION.",
    ),
    Complaint(
        "max_wal_senders|all replication slots are in use",
        "The server {server} has no place left for another receiver of its log.",
        "Raise max_wal_senders and max_replication_slots on the server, and restart it.",
    ),
    Complaint(
        "recovery is in progress|during recovery",
        "The server {server} is a standby; its log is followed at the primary.",
        "Give the primary's address.",
    ),
    Complaint(
        "password authentication failed|no password supplied|pg_hba.conf",
        "PostgreSQL at {server} does not let the user {user} in.",
        "Check user and password in the environment's database address.",
    ),
    Complaint(
        'database "([^"]+)" does not exist',
        "There is no database {found} on {server}.",
        "Check the name in the environment's database address.",
    ),
    Complaint(
        'role "([^"]+)" does not exist',
        "The server {server} has no role {found}, to which something in the dump belongs.",
        "Create that role, then try again.",
    ),
    Complaint(
        "permission denied to create database|must be member of role",
        "The user {user} may not create databases on {server}.",
        "As the server's administrator: ALTER ROLE {user} CREATEDB.",
    ),
    Complaint(
        "permission denied for (?:table|schema|sequence|relation) (\\S+)",
        "The user {user} may not read {found}, so that no whole backup can be taken.",
        "Give it the right to read everything, or use the database's owner.",
    ),
    Complaint("No space left on device", "The disk of the server {server} is full.", "Make room, then try again."),
    Complaint(
        "too many connections|remaining connection slots", "The server {server} has no connection left.", "", True
    ),
    Complaint(
        "terminating connection|server closed the connection|connection to server was lost|connection has been closed",
        "PostgreSQL at {server} ended the connection.",
        "",
        True,
    ),
    Complaint(
        "Connection refused|could not translate host name|timeout expired|Connection timed out|No route to host"
        "|connection to server .* failed|is starting up|is shutting down",
        "PostgreSQL at {server} does not answer.",
        "",
        True,
    ),
    Complaint("deadlock detected", "{name} and another session waited for each other.", "", True),
    Complaint(
        "canceling statement due to lock timeout|could not obtain lock",
        "A table of {name} stayed locked by another session.",
        "",
        True,
    ),
    Complaint(
        'database "([^"]+)" is being accessed by other users',
        "Other sessions do not leave the database {found} on {server}.",
        "Stop whatever else uses it.",
        True,
    ),
)


def explain(said: str, url: DatabaseUrl, program: str, folder: Path | None = None) -> OpsError:
    """What was said as a sentence; the password never shows in it. `folder` is where the program wrote."""
    if folder is not None and re.search("could not (?:write|close|fsync|open|create).*No space left on device", said):
        return OpsError(f"The disk of {folder} is full.", fix="Make room, then try again.")
    for each in KNOWN:
        if found := re.search(each.mark, said):
            group = found.group(found.lastindex or 0)
            values = {"server": url.server, "user": url.user, "name": url.name, "found": group}
            sentence, fix = each.sentence.format(**values), each.fix.format(**values)
            return OpsError(sentence, fix=fix, transient=each.transient)
    return OpsError(f"{program} says: {_telling(hide(said, url)).removeprefix(f'{program}: ')}.")


def _telling(said: str) -> str:
    """The line that most likely says why."""
    lines = [line.strip().rstrip(".") for line in said.splitlines() if line.strip()] or ["nothing"]
    return next((line for line in lines if re.search("error|fatal", line, re.IGNORECASE)), lines[-1])


def hide(text: str, url: DatabaseUrl) -> str:
    """The text without the password."""
    return text.replace(url.password, "[redacted]") if url.password else text
