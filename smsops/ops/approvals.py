"""`ops approve | refuse`: the second person at a command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from django.utils import timezone

from smsops.models import Approval, Decision, Run, RunState
from smsops.ops.common import as_data, by, find_run, watch
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb
from smsops.runs import approvals


def _approve_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("run", type=int, nargs="?", help="number of the run (without: list those that wait)")
    parser.add_argument("--reason", default="", help="a note; it goes into the record")
    parser.add_argument("--wait", action="store_true", help="wait for the verdict and show the progress")


def _approve(args: Namespace, output: Output) -> int:
    if args.run is None:
        return _list(output)
    run = approvals.approve(find_run(args.run), by(args)).run
    if args.wait and run.state == RunState.QUEUED:
        return watch(run, output)
    output.say(run.headline or f"Run {run.pk} is queued: {run.title}. Follow it with: ops run {run.pk} --wait")
    output.data(as_data(run))
    return GOOD if run.state == RunState.QUEUED else BAD


def _list(output: Output) -> int:
    waiting = Approval.objects.filter(decision=Decision.WAITING, run__state=RunState.PLANNED)
    found = list(waiting.select_related("run__environment"))
    output.table(
        ["RUN", "ENVIRONMENT", "WHAT", "RISK", "ASKED BY", "UNTIL"],
        [
            (each.run.pk, each.run.environment.name, each.run.title, each.get_risk_display(), each.requested_name,
             f"{timezone.localtime(each.expires_at):%Y-%m-%d %H:%M}")
            for each in found
        ],
    )  # fmt: skip
    output.data([as_data(each.run) for each in found])
    return GOOD


def _refuse_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("run", type=int, help="number of the run")
    parser.add_argument("--reason", default="", help="why; whoever asked for it reads it")


def _refuse(args: Namespace, output: Output) -> int:
    run: Run = approvals.refuse(find_run(args.run), by(args)).run
    output.say(run.headline)
    output.data(as_data(run))
    return GOOD


VERBS = (
    Verb(
        "approve",
        "let a run begin that somebody else asked for, or list them",
        _approve_arguments,
        _approve,
        reads=lambda args: args.run is None,
    ),
    Verb("refuse", "end a run that waits for a second person", _refuse_arguments, _refuse),
)
