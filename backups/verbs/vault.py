"""`ops vault …`: what is stored, tidying up, the catalogue, the keys."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path

from backups import selectors
from backups.services import housekeeping
from smsops.errors import WrongUse
from smsops.models import Environment
from smsops.ops.common import by, find_environment, follow
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb
from smsops.text import bytes_text, count_text


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=sorted(ACTIONS))
    parser.add_argument("target", nargs="?", default="", help="the environment, or the file of export- and import-keys")
    parser.add_argument("--dry-run", action="store_true", help="tidy: only say what would go, and why the rest stays")
    parser.add_argument("--reason", default="", help="why; it goes into the record")
    parser.add_argument("--wait", action="store_true", help="wait for the verdict and show the progress")


def _run(args: Namespace, output: Output) -> int:
    code = ACTIONS[args.action](args, output)
    at_risk = selectors.keyring().at_risk()
    if at_risk and args.action != "export-keys":
        output.say(f"WARNING: {selectors.key_warning(at_risk)}")
    return code


def _environment(args: Namespace) -> Environment:
    if not args.target:
        raise WrongUse(f"Name the environment: ops vault {args.action} ENVIRONMENT.")
    return find_environment(args.target)


def _status(args: Namespace, output: Output) -> int:
    environment = _environment(args)
    vault = selectors.vault_of(environment)
    names, size = vault.identifiers(), vault.size()
    output.say(f"{count_text(len(names), 'backup')} in {bytes_text(size)}: {vault.shelf.root}")
    complaints = vault.complaints()
    for complaint in complaints:
        output.say(f"WARNING: {complaint}")
    found = {"environment": environment.name, "backups": len(names), "bytes": size, "folder": str(vault.shelf.root)}
    output.data(found | {"complaints": complaints})
    return GOOD


def _tidy(args: Namespace, output: Output) -> int:
    environment = _environment(args)
    if not args.dry_run:
        return follow(housekeeping.request(environment, by(args)), args, output)
    verdicts = housekeeping.preview(environment)
    rows = [(each.point.identifier, "stays" if each.stays else "GOES", each.why) for each in verdicts]
    output.table(["BACKUP", "VERDICT", "WHY"], rows)
    output.data([{"backup": name, "stays": word == "stays", "why": why} for name, word, why in rows])
    return GOOD


def _reindex(args: Namespace, output: Output) -> int:
    found = housekeeping.reindex(_environment(args))
    new, gone = count_text(len(found.added), "backup is", "backups are"), count_text(len(found.gone), "is", "are")
    output.say(f"{new} new to the catalogue, {gone} not in the vault any more.")
    for problem in found.problems:
        output.say(problem)
    output.data({"added": found.added, "gone": found.gone, "problems": found.problems})
    return BAD if found.problems else GOOD


def _file(args: Namespace) -> Path:
    if not args.target:
        raise WrongUse(f"Name the file: ops vault {args.action} FILE.")
    return Path(args.target)


def _export(args: Namespace, output: Output) -> int:
    path = _file(args)
    count = selectors.keyring().export(path)
    keys = count_text(count, "key is", "keys are")
    output.say(f"{keys} in {path}. Move it off this machine, to a safe place; whoever has it reads the backups.")
    output.data({"keys": count, "file": str(path)})
    return GOOD


def _import(args: Namespace, output: Output) -> int:
    count = selectors.keyring().load(_file(args))
    output.say(f"{count_text(count, 'key was', 'keys were')} taken in.")
    output.data({"keys": count})
    return GOOD


def _rotate(args: Namespace, output: Output) -> int:
    key = selectors.keyring().rotate()
    output.say(f"New backups are sealed with the key {key.identity}; earlier ones stay readable with theirs.")
    output.data({"key": key.identity})
    return GOOD


ACTIONS: dict[str, Callable[[Namespace, Output], int]] = {
    "status": _status,
    "tidy": _tidy,
    "reindex": _reindex,
    "export-keys": _export,
    "import-keys": _import,
    "rotate-key": _rotate,
}


def _looks(args: Namespace) -> bool:
    return bool(args.action == "status" or (args.action == "tidy" and args.dry_run))


VERBS = (Verb("vault", "what is stored, tidying up, the catalogue, the keys", _arguments, _run, reads=_looks),)
