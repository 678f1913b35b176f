"""`ops sources` and `ops source`: who may send alerts."""

from __future__ import annotations

import contextlib
import os
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from incidents.models import AlertSource, SourceKind
from incidents.services import addresses, sources
from smsops import complaints
from smsops.errors import WrongUse
from smsops.ops.common import environment_argument, find_environment
from smsops.ops.output import Output
from smsops.ops.registry import GOOD, Verb


def _sources(args: Namespace, output: Output) -> int:
    found = list(AlertSource.objects.filter(environment=find_environment(args.environment)))
    output.table(["SOURCE", "KIND", "ENABLED", "LAST HEARD", "SAYS WHAT IS OVER", "LAST REFUSED"], map(_row, found))
    output.data([_data(source) for source in found])
    return GOOD


def _row(source: AlertSource) -> tuple[str, ...]:
    heard = f"{source.last_heard_at:%Y-%m-%d %H:%M:%S}" if source.last_heard_at else "never"
    resolves = "it has never said so" if source.never_resolves else "yes" if source.resolves_seen else "-"
    return source.name, source.kind, "yes" if source.enabled else "no", heard, resolves, source.refused_why or "-"


def _data(source: AlertSource) -> dict[str, Any]:
    names = ("name", "kind", "enabled", "last_heard_at", "never_resolves", "refused_at", "refused_why")
    return {"source": source.pk, **{name: getattr(source, name) for name in names}}


def _source_arguments(parser: ArgumentParser) -> None:
    environment_argument(parser)
    parser.add_argument("name", help="what it is called, once in an environment")
    parser.add_argument("kind", nargs="?", default="", help=f"{', '.join(SourceKind.values)}; needed for a new one")
    parser.add_argument("--every", type=int, metavar="SECONDS", help="a heartbeat: how often it should be heard")
    parser.add_argument("--renew", action="store_true", help="give a known source another token")
    parser.add_argument(
        "--token-file", metavar="PATH", help="a new file, for its owner alone, that gets the token; it is not printed"
    )


def _source(args: Namespace, output: Output) -> int:
    environment = find_environment(args.environment)
    known = AlertSource.objects.filter(environment=environment, name=args.name).first()
    if args.renew and known is None:
        raise WrongUse(f"There is no source “{args.name}”.")
    if known is not None and not args.renew:
        raise WrongUse(f"The source “{args.name}” is there; --renew gives it another token.")
    with contextlib.ExitStack() as undo:
        keep = _new_file(args.token_file, undo) if args.token_file else None
        try:
            more = {"every_seconds": args.every} if args.every is not None else {}
            source, token = (
                (known, sources.renew(known)) if known else sources.create(environment, args.name, args.kind, **more)
            )
        except ValidationError as error:
            raise WrongUse(complaints.first(error, AlertSource, {"every_seconds": "--every"})) from None
        if keep is not None:
            keep.write_text(f"{token}\n")
        undo.pop_all()
    _tell(source, token, args.token_file, output)
    return GOOD


def _new_file(path: str, undo: contextlib.ExitStack) -> Path:
    """An empty file that only its owner reads; gone again if no source comes of it."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise WrongUse(f"{path} cannot be made: {error.strerror}.") from None
    undo.callback(Path(path).unlink)
    return Path(path)


def _tell(source: AlertSource, token: str, path: str, output: Output) -> None:
    known = {"source": source.pk, "name": source.name, "kind": source.kind}
    if path:
        output.say(f"{path} has the token; send it as a bearer token to /alerts/{source.kind}.")
        output.data({**known, "token_file": path})
        return
    told = addresses.told(source, token)
    for line in ("This is shown once:", told.address, told.where, *told.lines.splitlines()):
        output.say(line)
    output.data({**known, "address": told.address})


SOURCES = Verb("sources", "who may send alerts", environment_argument, _sources, reads=True)
SOURCE = Verb("source", "let somebody send alerts; prints the address with the token once", _source_arguments, _source)
