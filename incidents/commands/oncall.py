"""`ops oncall`: who is on call, and whom a page would not reach."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import timedelta

from django.utils import timezone

from incidents.models import Rota
from incidents.services import gaps, rotas, sweep
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb

WEEK = timedelta(days=7)


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("rota", nargs="?", default="", help="only this one, with its next week")


def _oncall(args: Namespace, output: Output) -> int:
    now = timezone.now()
    found = Rota.objects.prefetch_related(*rotas.WITH)
    shown = list(found.filter(name=args.rota) if args.rota else found)
    turns = [(rota, turn) for rota in shown for turn in rotas.turns(rota, now, now + WEEK)[: None if args.rota else 1]]
    output.table(
        ["ROTA", "ON CALL", "WHEN"],
        [(rota.name, turn.person.get_username() if turn.person else "nobody", turn.span) for rota, turn in turns],
    )
    missing, complaint = gaps.find(now), sweep.complaint()
    for said in (missing.headline, *missing.more, complaint):
        if said:
            output.say(said)
    output.data({
        "on_call": [
            {"rota": rota.name, "user": turn.person.get_username() if turn.person else None,
             "from": turn.starts, "until": turn.ends}
            for rota, turn in turns
        ],
        "nobody": missing.nobody, "gaps": missing.more, "sweep": complaint,
    })  # fmt: skip
    return BAD if missing.nobody or complaint else GOOD


ONCALL = Verb(
    "oncall", "who is on call, and whom a page would not reach; 0 only when it would", _arguments, _oncall, reads=True
)
