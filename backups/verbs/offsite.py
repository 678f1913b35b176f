"""`ops offsite …`: copies of the backups in vaults elsewhere."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from backups import selectors
from backups.models import OffsiteVault
from backups.models.offsite import LockMode, SiteKind
from backups.services import lags, log_lags, offsite, offsite_sizes, offsite_tidying, rescues
from smsops import complaints
from smsops.errors import WrongUse
from smsops.ops.common import by, find_environment, follow
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb
from smsops.text import bytes_text, count_text, seconds_text

FIELDS = (
    "kind",
    "bucket",
    "prefix",
    "address",
    "region",
    "user",
    "host_key",
    "lock_days",
    "lock_mode",
    "lag_minutes",
    "read_back",
    "copy_log",
    "log_seconds",
    "log_lag_seconds",
    "tidy",
    "grace_days",
)


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=sorted(ACTIONS))
    parser.add_argument("environment", help="name of the environment")
    parser.add_argument("name", nargs="?", default="", help="name of the off-site vault")
    parser.add_argument("--backup", default="latest", help="bring-back: identifier of the backup (latest)")
    parser.add_argument("--kind", choices=SiteKind.values, help="set: what it is")
    parser.add_argument("--bucket", help="set: bucket, container or folder; it has to exist")
    parser.add_argument("--prefix", help="set: folder inside (the environment's name)")
    parser.add_argument("--address", help="set: URL, or host:port")
    parser.add_argument("--region", help="set: region of S3")
    parser.add_argument("--user", help="set: user or access key")
    parser.add_argument("--secret-file", help="set: file with the secret; “-” for standard input")
    parser.add_argument("--host-key", help="set: the SFTP server's public key")
    parser.add_argument("--lock-days", type=int, help="set: S3 object lock, days")
    parser.add_argument("--lock-mode", choices=LockMode.values, help="set: how the lock holds")
    parser.add_argument("--read-back", type=int, choices=(0, 1), help="set: 0 where only list and write are allowed")
    parser.add_argument("--lag-minutes", type=int, help="set: after how long a missing copy is an incident")
    parser.add_argument("--copy-log", type=int, choices=(0, 1), help="set: 0 for backups alone, without the commits")
    parser.add_argument("--log-seconds", type=int, help="set: one new file for so many seconds of commits")
    parser.add_argument("--log-lag-seconds", type=int, help="set: after how long missing commits are an incident")
    parser.add_argument("--tidy", type=int, choices=(0, 1), help="set: 1 to remove there what is past its time")
    parser.add_argument("--grace-days", type=int, help="set: how long after it was removed here")
    parser.add_argument("--dry-run", action="store_true", help="tidy: only say what would go")
    parser.add_argument("--reason", default="", help="why; it goes into the record")
    parser.add_argument("--wait", action="store_true", help="wait for the verdict and show the progress")


def _vault(args: Namespace) -> OffsiteVault:
    environment = find_environment(args.environment)
    if not args.name:
        raise WrongUse(f"Name the off-site vault: ops offsite {args.action} {environment.name} NAME.")
    return offsite.find(environment, args.name)


def _list(args: Namespace, output: Output) -> int:
    vaults = OffsiteVault.objects.filter(environment=find_environment(args.environment))
    found = [_standing(vault) for vault in vaults.select_related("environment__log_following")]
    output.table(
        ["VAULT", "KIND", "WHERE", "BEHIND BY", "COMMITS BEHIND BY", "STATE"],
        [
            (
                each["name"],
                each["kind"],
                each["bucket"],
                seconds_text(each["lag_seconds"]) if each["lag_seconds"] else "nothing",
                seconds_text(each["commits_lag_seconds"]) if each["commits"] else "not copied",
                " ".join(filter(None, (each["problem"], each["commits_problem"]))) or "ok",
            )
            for each in found
        ],
    )
    output.data(found)
    return BAD if any(each["problem"] or each["commits_problem"] for each in found) else GOOD


def _standing(vault: OffsiteVault) -> dict[str, Any]:
    """How a vault stands; sizes in bytes, None where nobody has counted."""
    commits, size = log_lags.lag_of(vault), offsite_sizes.of(vault)
    return {
        "name": vault.name,
        "kind": vault.kind,
        "bucket": vault.bucket,
        "lag_seconds": lags.of(vault).total_seconds(),
        "problem": vault.problem,
        "commits": log_lags.copied(vault),
        "commits_lag_seconds": commits.total_seconds() if commits is not None else None,
        "commits_problem": log_lags.problem_of(vault),
        "bytes": size.whole if size else None,
        "bytes_a_day": size.growth if size else None,
    }


def _set(args: Namespace, output: Output) -> int:
    """Make the off-site vault, or change it; what is not given stays."""
    environment = find_environment(args.environment)
    if not args.name:
        raise WrongUse(f"Name the off-site vault: ops offsite set {environment.name} NAME.")
    vault = OffsiteVault.objects.filter(environment=environment, name=args.name).first()
    vault = vault or OffsiteVault(environment=environment, name=args.name)
    for field in FIELDS:
        if getattr(args, field) is not None:
            setattr(vault, field, getattr(args, field))
    if args.secret_file:
        vault.secret = _secret(args.secret_file)
    try:
        vault.full_clean()
    except ValidationError as error:
        raise WrongUse(complaints.first(error, OffsiteVault)) from error
    with offsite.shelf_of(vault) as shelf:
        count = len(shelf.names("backups"))
    vault.save()
    output.say(
        f"{vault} is reached; {count_text(count, 'backup is', 'backups are')} there. Copying begins within a minute."
    )
    output.data({"name": vault.name, "backups": count})
    return GOOD


def _secret(path: str) -> str:
    try:
        return (sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"The file {path} cannot be read.") from error


def _copy(args: Namespace, output: Output) -> int:
    return follow(offsite.request(_vault(args), by(args)), args, output)


def _read(args: Namespace, output: Output) -> int:
    found = rescues.reindex(_vault(args))
    new = count_text(len(found.added), "backup is", "backups are")
    output.say(f"{new} new to the catalogue; they are fetched when they are needed.")
    if found.commits:
        output.say(found.commits)
    for problem in found.problems:
        output.say(problem)
    output.data({"added": found.added, "problems": found.problems, "commits": found.commits})
    return BAD if found.problems else GOOD


def _tidy(args: Namespace, output: Output) -> int:
    vault = _vault(args)
    if not args.dry_run:
        return follow(offsite_tidying.request(vault, by(args)), args, output)
    found = offsite_tidying.preview(vault)
    rows = [("backup", name) for name in found.backups] + [("file", name) for name in (*found.packs, *found.parts)]
    output.table(["WHAT", "GOES"], rows)
    output.say(offsite_tidying.told(found))
    if not vault.tidy:
        output.say("That is switched off for this vault: nothing there is ever removed.")
    output.data({"backups": found.backups, "packs": found.packs, "log": found.parts, "bytes": found.bytes})
    return GOOD


def _bring_back(args: Namespace, output: Output) -> int:
    backup = selectors.find(find_environment(args.environment), args.backup)
    output.say(f"{backup.identifier}: {bytes_text(backup.size)}")
    return follow(rescues.start(backup, by(args)), args, output)


ACTIONS: dict[str, Callable[[Namespace, Output], int]] = {
    "list": _list,
    "set": _set,
    "copy": _copy,
    "reindex": _read,
    "bring-back": _bring_back,
    "tidy": _tidy,
}


def _run(args: Namespace, output: Output) -> int:
    return ACTIONS[args.action](args, output)


def _looks(args: Namespace) -> bool:
    return bool(args.action == "list" or (args.action == "tidy" and args.dry_run))


VERBS = (Verb("offsite", "copies of the backups in vaults elsewhere", _arguments, _run, reads=_looks),)
