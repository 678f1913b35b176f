"""`ops incident collect | open-evidence | bundle | verify`."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from incidents.bundles import verifying
from incidents.commands.eyes import eyes, eyes_argument
from incidents.commands.incident import add_acts, find_incident, number_argument
from incidents.models import Incident
from incidents.services import bundling, databases_taken, evidence_runs
from smsops.errors import OpsError, WrongUse
from smsops.ops.common import by, follow
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb
from smsops.text import count_text


def _collect_arguments(parser: ArgumentParser) -> None:
    number_argument(parser)
    eyes_argument(parser)
    parser.add_argument("--reason", default="", help="why; it goes into the record")
    parser.add_argument("--wait", action="store_true", help="wait for the verdict and show the progress")


def _collect(args: Namespace, output: Output) -> int:
    return follow(evidence_runs.start(find_incident(args.number, eyes(args)), by(args)), args, output)


def _open_arguments(parser: ArgumentParser) -> None:
    number_argument(parser)
    eyes_argument(parser)
    parser.add_argument("--out", required=True, metavar="FILE", help="the new file for the copy of the database")
    parser.add_argument("--reason", required=True, help="why; it is written on the timeline")


def _open(args: Namespace, output: Output) -> int:
    found = find_incident(args.number, eyes(args)).evidence.filter(name__endswith=databases_taken.NAME)
    piece = found.order_by("time").last()
    if piece is None:
        raise WrongUse(f"Incident {args.number} has no copy of the database.")
    if piece.gone:
        raise OpsError(piece.gone)
    target = Path(args.out)
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for data in databases_taken.opened(piece, by(args).called, args.reason):
                file.write(data)
    except OSError as error:
        raise OpsError(f"{target} cannot be written: {error.strerror}.") from error
    output.say(f"{target} has everybody's data in it. Remove it when it is not needed any more.")
    output.data({"file": str(target)})
    return GOOD


def _bundle_arguments(parser: ArgumentParser) -> None:
    number_argument(parser)
    eyes_argument(parser)
    parser.add_argument("--out", required=True, metavar="FILE", help="the new file, like incident-7.tar.zst")
    parser.add_argument("--with-database", action="store_true", help="with the copy of the database, sealed as it is")


def _bundle(args: Namespace, output: Output) -> int:
    incident: Incident = find_incident(args.number, eyes(args))
    head = bundling.write(incident, Path(args.out), by(args).called, with_database=args.with_database)
    output.say(f"{args.out} is written. Its last link is {head}.")
    output.say("Tell whoever gets it that link in another way: it is what nobody can forge.")
    output.data({"file": args.out, "head": head})
    return GOOD


def _verify_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("bundle", help="the file")


def _verify(args: Namespace, output: Output) -> int:
    found = verifying.verify(Path(args.bundle))
    for problem in found.problems:
        output.say(problem)
    for left in found.left_out:
        output.say(f"left out  {left}")
    if not found.problems:
        said = f"Incident {found.incident} of {found.environment}, bundled {found.made_at}"
        output.say(f"{said}: {count_text(len(found.files), 'file')}, none changed.")
        output.say(f"Its last link is {found.head}.")
    output.data({"incident": found.incident, "head": found.head, "files": {k: v[1] for k, v in found.files.items()},
                 "left_out": found.left_out, "problems": found.problems})  # fmt: skip
    return BAD if found.problems else GOOD


add_acts(
    Verb("collect", "collect all its evidence, as a run beside SMS", _collect_arguments, _collect),
    Verb("open-evidence", "write the copy of the database that was taken last to a file", _open_arguments, _open),
    Verb("bundle", "write everything about it into one file that proves itself", _bundle_arguments, _bundle),
    Verb("verify", "verify such a file, without a database", _verify_arguments, _verify, reads=True),
)
