"""`ops rto ENV`: the table of runbook §6.2, measured."""

from __future__ import annotations

from argparse import Namespace

from django.utils import timezone

from deployments.rto import table, words
from smsops.ops.common import environment_argument, find_environment
from smsops.ops.output import Output
from smsops.ops.registry import GOOD, Verb
from smsops.text import age_text, seconds_text


def _rto(args: Namespace, output: Output) -> int:
    rows = table.rows(find_environment(args.environment))
    output.table(
        ["SCENARIO", *(label.upper() for _, label in words.PHASES), "HALF", "9 IN 10", "TIMES", "LAST", "OBJECTIVE"],
        [_line(row) for row in rows],
    )
    output.data([words.as_data(row) for row in rows])
    return GOOD


def _line(row: table.Row) -> list[str]:
    title = row.scenario.title + (" (sandbox)" if row.scenario.practice else "")
    phases = [words.phase_text(row, phase) for phase, _ in words.PHASES]
    if row.estimate is None or row.last_at is None:
        said = words.NOT_MEASURED if row.scenario.minutes else "not measured"
        return [title, *phases, words.span_text(row.scenario.minutes), "", "0", "never", said]
    last = f"{seconds_text(row.last)}, {age_text(timezone.now() - row.last_at)}"
    half, most = seconds_text(row.estimate.half), seconds_text(row.estimate.most)
    return [title, *phases, half, most, str(row.estimate.count), last, row.verdict]


VERBS = (
    Verb("rto", "how long each way forward and back takes here (runbook §6.2)", environment_argument, _rto, reads=True),
)
