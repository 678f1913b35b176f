"""`ops moments`: to which moments the data can go back."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import datetime

from backups.services import following, moments
from smsops.errors import WrongUse
from smsops.models import Environment, Run
from smsops.ops.common import environment_argument, find_environment
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb
from smsops.text import seconds_text


def _arguments(parser: ArgumentParser) -> None:
    environment_argument(parser)
    parser.add_argument("--canary", action="store_true", help="measure now how long a commit takes into the log")


def _run(args: Namespace, output: Output) -> int:
    environment = find_environment(args.environment)
    row = following.of(environment)
    if row is None:
        raise WrongUse(f"The log of {environment.name} is not followed; switch it on on its page.")
    if args.canary and (took := following.send_canary(row)) is not None:
        output.say(f"A commit was kept after {seconds_text(took)}.")
    spans, problem = moments.spans(environment), following.problem_of(row)
    output.table(
        ["FROM (UTC)", "TO (UTC)", "COMMITS", "EACH WITHIN"],
        [
            (f"{span.start:%Y-%m-%d %H:%M:%S}", f"{span.end:%Y-%m-%d %H:%M:%S}",
             "all" if span.commits is None else span.commits,
             seconds_text(span.lag.total_seconds()))
            for span in spans
        ],
    )  # fmt: skip
    row.refresh_from_db()
    output.say(problem or "The log is followed.")
    output.data(
        {
            "environment": environment.name,
            "problem": problem,
            "canary_seconds": row.canary_seconds,
            "spans": [{"from": span.start, "to": span.end, "commits": span.commits} for span in spans],
        }
    )
    return BAD if problem else GOOD


def moment_of(environment: Environment, at: str, before_run: int | None) -> datetime | None:
    """The moment that was asked for on the command line; None when none was."""
    if before_run is not None:
        run = Run.objects.filter(environment=environment, pk=before_run).first()
        if run is None:
            raise WrongUse(f"{environment.name} has no run {before_run}.")
        return moments.before(run)
    return moments.in_utc(at) if at else None


VERBS = (Verb("moments", "to which moments the data can go back", _arguments, _run, reads=True),)
