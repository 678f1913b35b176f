"""`ops own-backup …`: backups of smsops' own rows, and smsops brought back from one."""

from __future__ import annotations

import contextlib
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path

from django.db import DatabaseError

from backups.models.offsite import SiteKind
from backups.services.own import copies, recovery, standing
from backups.vault.remote import Site
from smsops.errors import WrongUse
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb
from smsops.text import bytes_text, count_text


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=sorted(ACTIONS))
    parser.add_argument("backup", nargs="?", default="", help="restore: its identifier, or latest")
    parser.add_argument("--kind", choices=SiteKind.values, help="fetch: what the off-site vault is")
    parser.add_argument("--bucket", default="", help="fetch: bucket, container or folder")
    parser.add_argument("--address", default="", help="fetch: URL, or host:port")
    parser.add_argument("--region", default="", help="fetch: region of S3")
    parser.add_argument("--user", default="", help="fetch: user or access key")
    parser.add_argument("--secret-file", default="", help="fetch: file with the secret; “-” for standard input")
    parser.add_argument("--host-key", default="", help="fetch: the SFTP server's public key")


def _now(args: Namespace, output: Output) -> int:
    manifest = copies.take(copies.MANUAL)
    problems = copies.copy_elsewhere()
    with contextlib.suppress(DatabaseError):  # before the migration that brings its table
        standing.note("", problems)
    rows = sum(manifest.row_counts.values())
    tables = count_text(len(manifest.row_counts), "table")
    output.say(f"{manifest.identifier}: {count_text(rows, 'row')} of {tables}, read back.")
    for problem in problems:
        output.say(f"Not copied to {problem}")
    output.data({"backup": manifest.identifier, "rows": rows, "size": manifest.size, "problems": problems})
    return BAD if problems else GOOD


def _list(args: Namespace, output: Output) -> int:
    found = copies.listed()
    output.table(
        ["BACKUP", "TAKEN (UTC)", "WHY", "SIZE", "ADDED", "ROWS"],
        [
            (each.identifier, f"{each.taken:%Y-%m-%d %H:%M}", each.reason, bytes_text(each.size),
             bytes_text(each.stored_size), sum(each.row_counts.values()))
            for each in found
        ],
    )  # fmt: skip
    if problem := copies.problem() if copies.heads() else "":
        output.say(f"WARNING: {problem}")
    output.data([{"backup": each.identifier, "taken_at": each.taken_at, "reason": each.reason} for each in found])
    return BAD if problem else GOOD


def _restore(args: Namespace, output: Output) -> int:
    if not args.backup:
        raise WrongUse("Name the backup: ops own-backup restore IDENTIFIER, or latest.")
    found = recovery.restore(args.backup)
    rows, tables = count_text(found.rows, "row"), count_text(found.tables, "table")
    output.say(f"Back as they were in {found.identifier}: {rows} of {tables}.")
    if found.resealed:
        sealed = count_text(found.resealed, "secret was", "secrets were")
        output.say(f"{sealed} sealed anew, with the field key of this installation.")
    for each in found.cancelled:
        output.say(f"It was under way then and will not go on: {each}. Look at SMS before a worker begins.")
    for problem in found.problems:
        output.say(problem)
    output.say("Start web, workers and beat now. Where the field key is another one, backup codes count no more.")
    output.data(vars(found))
    return BAD if found.problems else GOOD


def _fetch(args: Namespace, output: Output) -> int:
    if not args.kind or not args.bucket:
        raise WrongUse("Say where: ops own-backup fetch --kind KIND --bucket BUCKET …")
    secret = _secret(args.secret_file) if args.secret_file else ""
    site = Site(args.kind, args.bucket, args.address, copies.FOLDER, args.user, secret, args.region, args.host_key)
    count = recovery.fetch(site)
    here = count_text(count, "backup of smsops' own rows is", "backups of smsops' own rows are")
    output.say(f"{here} here now: ops own-backup restore latest")
    output.data({"backups": count})
    return GOOD


def _secret(path: str) -> str:
    try:
        return (sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"The file {path} cannot be read.") from error


ACTIONS: dict[str, Callable[[Namespace, Output], int]] = {
    "now": _now,
    "list": _list,
    "restore": _restore,
    "fetch": _fetch,
}


def _run(args: Namespace, output: Output) -> int:
    return ACTIONS[args.action](args, output)


VERBS = (
    Verb(
        "own-backup",
        "backups of smsops' own rows, and smsops brought back from one",
        _arguments,
        _run,
        reads=lambda args: args.action == "list",
    ),
)
