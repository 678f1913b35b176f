"""`ops log ENV` and `ops dora ENV`: what was changed, and how well that goes."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from deployments.operations import dora, dora_words, log, words
from smsops.errors import WrongUse
from smsops.ops.common import environment_argument, find_environment
from smsops.ops.output import Output
from smsops.ops.registry import GOOD, Verb

_AGO = re.compile(r"(\d{1,6})([mhd])")
_UNITS = {"m": 60, "h": 3600, "d": 86400}


def _log_arguments(parser: ArgumentParser) -> None:
    environment_argument(parser)
    parser.add_argument("--since", default="", help="a time like 2026-03-01 (UTC), or how long ago: 30m, 2h, 90d")
    parser.add_argument("--markdown", action="store_true", help="print a table for the runbook's ops log")


def _log(args: Namespace, output: Output) -> int:
    environment = find_environment(args.environment)
    found = log.of(environment, moment(args.since))
    if args.markdown:
        output.say(words.markdown(f"Operations log of {environment.name}", found))
    else:
        output.table([name.upper() for name in words.HEAD], [words.line(entry) for entry in found])
    output.data([words.as_data(entry) for entry in found])
    return GOOD


def moment(text: str) -> datetime | None:
    """A time, or how long ago; WrongUse for anything else."""
    if not text:
        return None
    if span := _AGO.fullmatch(text):
        return timezone.now() - timedelta(seconds=int(span[1]) * _UNITS[span[2]])
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"“{text}” is no time; write 2026-03-01, or 90d for ninety days ago.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _dora(args: Namespace, output: Output) -> int:
    environment = find_environment(args.environment)
    found = [dora.of(environment, days) for days in dora.WINDOWS]
    for figures in found:
        output.say(f"The last {figures.days} days")
        for each in dora_words.said(figures):
            output.say(f"  {each.name}: {each.value}. {each.counted}")
    output.data([dora_words.as_data(figures) for figures in found])
    return GOOD


VERBS = (
    Verb("log", "every deploy, rollback, restore and key rotation, newest first", _log_arguments, _log, reads=True),
    Verb("dora", "how often changes are made here, how fast, how well", environment_argument, _dora, reads=True),
)
