"""`ops offsite …`: copies of the backups in vaults elsewhere."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ValidationError

from backups import selectors
from backups.models import OffsiteVault
from backups.models.offsite import LockMode, SiteKind
from backups.services import lags, offsite, rescues
from smsops.errors import WrongUse
from smsops.ops.common import by, find_environment, follow
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb
from smsops.text import bytes_text, seconds_text

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
    parser.add_argument("--reason", default="", help="why; it goes into the record")
    parser.add_argument("--wait", action="store_true", help="wait for the verdict and show the progress")


def _vault(args: Namespace) -> OffsiteVault:
    environment = find_environment(args.environment)
    if not args.name:
        raise WrongUse(f"Name the off-site vault: ops offsite {args.action} {environment.name} NAME.")
    return offsite.find(environment, args.name)


def _list(args: Namespace, output: Output) -> int:
    environment = find_environment(args.environment)
    found = list(OffsiteVault.objects.filter(environment=environment).select_related("environment"))
    behind = [lags.of(vault) for vault in found]
    rows = [
        (
            vault.name,
            vault.kind,
            vault.bucket,
            seconds_text(lag.total_seconds()) if lag else "nothing",
            vault.problem or "ok",
        )
        for vault, lag in zip(found, behind, strict=True)
    ]
    output.table(["VAULT", "KIND", "WHERE", "BEHIND BY", "STATE"], rows)
    output.data(
        [
            {"name": vault.name, "kind": vault.kind, "lag_seconds": lag.total_seconds(), "problem": vault.problem}
            for vault, lag in zip(found, behind, strict=True)
        ]
    )
    return BAD if any(vault.problem for vault in found) else GOOD


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
        field, messages = next(iter(error.message_dict.items()))
        raise WrongUse(f"{field}: {messages[0]}") from error
    with offsite.shelf_of(vault) as shelf:
        count = len(shelf.names("backups"))
    vault.save()
    output.say(f"{vault} is reached; {count} backups are there. Copying begins within a minute.")
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
    output.say(f"{len(found.added)} backups are new to the catalogue; they are fetched when they are needed.")
    if found.commits:
        output.say(found.commits)
    for problem in found.problems:
        output.say(problem)
    output.data({"added": found.added, "problems": found.problems, "commits": found.commits})
    return BAD if found.problems else GOOD


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
}


def _run(args: Namespace, output: Output) -> int:
    return ACTIONS[args.action](args, output)


VERBS = (Verb("offsite", "copies of the backups in vaults elsewhere", _arguments, _run),)
