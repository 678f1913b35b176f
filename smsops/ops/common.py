"""Words that several verbs share."""

from __future__ import annotations

import os
import pwd
from argparse import ArgumentParser, Namespace
from typing import Any

from django.db.models import QuerySet

from smsops.errors import WrongUse
from smsops.models import GOOD as GOOD_STATES
from smsops.models import Approval, Environment, Run, RunState, Trigger
from smsops.ops.output import Output, Progress
from smsops.ops.registry import BAD, GOOD
from smsops.runs import requests, wait
from smsops.runs.plan import By
from smsops.text import seconds_text


def environment_argument(parser: ArgumentParser) -> None:
    parser.add_argument("environment", help="name of the environment")


def run_arguments(parser: ArgumentParser) -> None:
    """For verbs that start a run at an environment."""
    environment_argument(parser)
    start_arguments(parser)


def start_arguments(parser: ArgumentParser) -> None:
    """For verbs that start a run: why, and what it waits for."""
    parser.add_argument("--reason", default="", help="why; it goes into the record")
    parser.add_argument("--wait", action="store_true", help="wait for the verdict and show the progress")
    parser.add_argument(
        "--break-glass",
        action="store_true",
        help="do not wait for the second person; needs a reason, and is loud",
    )
    parser.add_argument(
        "--at-once", default="", metavar="WHY",
        help="while an incident is live: do not take its evidence first; says why, and is loud",
    )  # fmt: skip


def find_environment(name: str) -> Environment:
    """The environment of that name; WrongUse naming the known ones."""
    found = Environment.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(Environment.objects.values_list("name", flat=True)) or "none yet"
        raise WrongUse(f"There is no environment “{name}”; known are {known}.")
    return found


def find_run(number: int, among: QuerySet[Run] | None = None) -> Run:
    """The run of that number, among all or among these; WrongUse when there is none."""
    known = Run.objects.all() if among is None else among
    run = known.select_related("environment", "approval").filter(pk=number).first()
    if run is None:
        raise WrongUse(f"There is no run {number}; “ops runs” lists them.")
    return run


def by(args: Namespace) -> By:
    """Who runs the command, by the account of the process: variables like LOGNAME can say anything."""
    glass = getattr(args, "break_glass", False)
    at_once = getattr(args, "at_once", "")
    return By(Trigger.COMMAND, name=account(), reason=getattr(args, "reason", ""), break_glass=glass, at_once=at_once)


def account() -> str:
    """The account of the process."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may give its processes an account that has no name
        return f"uid {os.getuid()}"


def follow(run: Run, args: Namespace, output: Output) -> int:
    """Report a run that was just submitted, waiting for its verdict if asked to."""
    if run.state == RunState.PLANNED and not args.wait:
        output.say(requests.notice(run))
        output.data(as_data(run))
        return GOOD
    if not args.wait:
        output.say(f"Run {run.pk} is queued: {run.title}. Follow it with: ops run {run.pk} --wait")
        output.data(as_data(run))
        return GOOD
    return watch(run, output)


def watch(run: Run, output: Output) -> int:
    """Wait for the verdict and report it; 0 only when it is the good one."""
    if run.state == RunState.PLANNED and hasattr(run, "approval"):
        output.say(requests.notice(run))
    wait.until_finished(run, Progress(output))
    output.say(f"{run.get_state_display()} after {seconds_text(run.seconds)}. {run.headline}")
    for line in run.facts.get("by_hand", []):
        output.say(f"  by hand: {line}")
    output.data(as_data(run))
    return GOOD if run.state in GOOD_STATES else BAD


def as_data(run: Run) -> dict[str, Any]:
    """A run as JSON."""
    return {
        "run": run.pk,
        "kind": run.kind,
        "title": run.title,
        "environment": run.environment.name,
        "state": run.state,
        "verdict": run.get_state_display(),
        "headline": run.headline,
        "cause": run.cause,
        "seconds": run.seconds,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
        "by": run.actor_name,
        "reason": run.reason,
        "approval": _approval(run),
        "by_hand": run.facts.get("by_hand", []),
        "steps": [
            {
                "step": step.kind,
                "title": step.title,
                "state": step.state,
                "work_seconds": round(step.work_seconds, 3),
                "output": step.output,
                "error": step.error,
            }
            for step in run.steps.all()
        ],
    }


def _approval(run: Run) -> dict[str, Any] | None:
    """What a second person decided, where one was needed."""
    found: Approval | None = getattr(run, "approval", None)
    if found is None:
        return None
    return {
        "decision": found.decision,
        "asked_by": found.requested_name,
        "decided_by": found.decided_name,
        "note": found.note,
        "expires_at": found.expires_at,
    }
