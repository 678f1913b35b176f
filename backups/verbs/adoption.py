"""`ops adopt`: a file from elsewhere becomes a backup."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import datetime
from pathlib import Path

from backups.services import adoptions
from smsops.errors import WrongUse
from smsops.models import Environment
from smsops.ops.common import by, find_environment, follow, run_arguments
from smsops.ops.output import Output
from smsops.ops.registry import Verb


def _arguments(parser: ArgumentParser) -> None:
    run_arguments(parser)
    parser.add_argument("file", help="an SQLite database, an SQL dump, either packed with gzip, or a custom dump")
    parser.add_argument(
        "--taken-at", default="", metavar="TIME", help="when the data is from, like 2025-12-10T17:30 (the file's name)"
    )


def _run(args: Namespace, output: Output) -> int:
    environment = find_environment(args.environment)
    file, moment = Path(args.file), _moment(environment, args.taken_at)
    if ".." in file.parts:
        raise WrongUse(f"Give the path of {file.name} without “..”.")
    return follow(adoptions.request(environment, file.absolute(), by(args), moment), args, output)


def _moment(environment: Environment, text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"“{text}” is no time; write it like 2025-12-10T17:30.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=adoptions.zone_of(environment))


VERBS = (Verb("adopt", "make a backup of a file from elsewhere", _arguments, _run),)
