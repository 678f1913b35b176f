"""`ops sources` and `ops source`: who may send alerts."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from django.core.exceptions import ValidationError

from incidents.models import AlertSource, SourceKind
from incidents.services import addresses, sources
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


def _source(args: Namespace, output: Output) -> int:
    environment = find_environment(args.environment)
    known = AlertSource.objects.filter(environment=environment, name=args.name).first()
    if args.renew and known is None:
        raise WrongUse(f"There is no source “{args.name}”.")
    if known is not None and not args.renew:
        raise WrongUse(f"The source “{args.name}” is there; --renew gives it another token.")
    try:
        more = {"every_seconds": args.every} if args.every is not None else {}
        source, token = (
            (known, sources.renew(known)) if known else sources.create(environment, args.name, args.kind, **more)
        )
    except ValidationError as error:
        raise WrongUse(" ".join(error.messages)) from None
    told = addresses.told(source, token)
    for line in ("This is shown once:", told.address, told.where, *told.lines.splitlines()):
        output.say(line)
    output.data({"source": source.pk, "name": source.name, "kind": source.kind, "address": told.address})
    return GOOD


SOURCES = Verb("sources", "who may send alerts", environment_argument, _sources)
SOURCE = Verb("source", "let somebody send alerts; prints the address with the token once", _source_arguments, _source)
