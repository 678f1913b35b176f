"""`ops objectives [ENV]` and `ops search WORDS`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import timedelta

from django.utils import timezone

from incidents.commands.eyes import eyes, eyes_argument
from incidents.objectives import bands, figures, record, trends, words
from incidents.objectives.figures import Figures
from incidents.objectives.spans import Span
from incidents.searching import search
from smsops.errors import WrongUse
from smsops.models import Environment
from smsops.ops.common import find_environment
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb
from smsops.text import count_text

LONGEST = 3650


def _objectives_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("environment", nargs="?", default="", help="only this environment")
    parser.add_argument("--days", type=int, default=90, help="how far back (90)")
    eyes_argument(parser)
    parser.add_argument(
        "--by", choices=[trends.WEEK, trends.MONTH], help="with --json: also the trend by week or month"
    )


def _objectives(args: Namespace, output: Output) -> int:
    if not 1 <= args.days <= LONGEST:
        raise WrongUse(f"--days is from 1 to {LONGEST}.")
    chosen = [find_environment(args.environment)] if args.environment else list(Environment.objects.all())
    now = timezone.now()
    window = Span(now - timedelta(days=args.days), now)
    told, red = [], False
    for found in record.read(chosen, window.begin, eyes(args)):
        real, drills = figures.of(found, window), figures.of(found, window, drills=True)
        _say(found.environment, args.days, real, output)
        red |= any(figure.band == bands.RED for figure in real.figures.values())
        trend = trends.of(found, window, args.by) if args.by else []
        told.append({"environment": found.environment.name, "days": args.days, **words.as_data(real),
                     "drills": words.drill_data(drills),
                     "trend": [{"label": label, **words.as_data(each)} for label, each in trend]})  # fmt: skip
    output.data(told)
    return BAD if red else GOOD


def _say(environment: Environment, days: int, found: Figures, output: Output) -> None:
    part = words.table(found)
    output.say(f"{environment.name}, the last {count_text(days, 'day')}")
    for line in part.lines:
        output.say(f"  {line}")
    output.table([name.upper() for name in part.head], part.rows)


def _search_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("words", nargs="+", help="words that are all in one incident, timeline entry or post-mortem")
    eyes_argument(parser)


def _search(args: Namespace, output: Output) -> int:
    found = search.find(" ".join(args.words), eyes(args))
    for each in found:
        incident = each.incident
        output.say(f"{incident.pk:>6}  {incident.detected_at:%Y-%m-%d}  {incident.environment.name}  {incident.title}")
        output.say(f"        {each.where}: {''.join(piece.text for piece in each.pieces)}")
    if not found:
        output.say("Nothing was found.")
    output.data(
        [{"incident": each.incident.pk, "title": each.incident.title, "where": each.where, "rank": each.rank,
          "hit": "".join(piece.text for piece in each.pieces)} for each in found]
    )  # fmt: skip
    return GOOD


VERBS = (
    Verb("objectives", "RTO, RPO, MTTR and MTBF as measured; exit code 0 only when none is red", _objectives_arguments,
         _objectives, reads=True),
    Verb("search", "incidents, timelines and post-mortems with these words", _search_arguments, _search, reads=True),
)  # fmt: skip
