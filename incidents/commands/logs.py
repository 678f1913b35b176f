"""`ops logs`: what SMS said."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace
from collections import deque
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from incidents.services import log_archive, log_reading, log_search
from smsops.errors import OpsError, WrongUse
from smsops.ops.common import environment_argument, find_environment
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb

MOST_LINES = 100_000  # a list to be read
_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _logs_arguments(parser: ArgumentParser) -> None:
    environment_argument(parser)
    parser.add_argument(
        "--since", default="", help="a time like 2026-03-01T12:30 (UTC), or how long ago: 90s, 30m, 2h, 3d"
    )
    parser.add_argument("--until", default="", help="the same, for the end")
    parser.add_argument("--grep", default="", metavar="PATTERN", help="only lines in which this is found")
    parser.add_argument("--lines", type=int, default=200, help="how many at most, the last ones (200)")


def _logs(args: Namespace, output: Output) -> int:
    environment = find_environment(args.environment)
    wanted = log_reading.Wanted(_moment(args.since), _moment(args.until))
    away = ""
    try:
        log_archive.collect(environment)  # what was said since the last bell
    except OpsError as error:
        away = f"{error} This is what the archive has."
    entries = log_reading.entries(environment, wanted)
    if args.grep:
        entries = log_search.having(entries, args.grep)
    found = deque(entries, maxlen=min(max(1, args.lines), MOST_LINES))
    for entry in found:
        output.say(f"{entry.at[:23]}  {entry.instance}  {entry.text}")
    if away:
        output.say(away)
    output.data([asdict(entry) for entry in found])
    return BAD if away else GOOD


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    if span := _AGO.fullmatch(text):
        return timezone.now() - timedelta(seconds=int(span[1]) * _UNITS[span[2]])
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"“{text}” is no time; write 2026-03-01T12:30, or 2h for two hours ago.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


LOGS = Verb("logs", "what SMS said, from the archive and up to now", _logs_arguments, _logs, reads=True)
