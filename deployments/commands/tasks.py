"""`ops tasks ENV`: what is to be done after deployments and now and then (runbook §9)."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from deployments.models import PostTask
from deployments.services import post_tasks
from smsops.errors import WrongUse
from smsops.ops.common import by, environment_argument, find_environment
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb


def _arguments(parser: ArgumentParser) -> None:
    environment_argument(parser)
    parser.add_argument("--done", type=int, metavar="TASK", help="number of a task that a person has done")
    parser.add_argument("--reason", default="", help="what was done: the evidence")


def _tasks(args: Namespace, output: Output) -> int:
    environment = find_environment(args.environment)
    if args.done is not None:
        task = PostTask.objects.filter(environment=environment, pk=args.done).first()
        if task is None:
            raise WrongUse(f"{environment.name} has no task {args.done}; “ops tasks {environment.name}” lists them.")
        post_tasks.mark_done(task, by(args))
        output.say(f"“{task.title}” is done.")
    found = list(PostTask.objects.filter(environment=environment))
    output.table(
        ["TASK", "WHAT", "OWNER", "HOW OFTEN", "BY", "LAST DONE (UTC)", "DUE (UTC)"], [_line(task) for task in found]
    )
    output.data([_as_data(task) for task in found])
    return BAD if any(task.overdue for task in found) else GOOD


def _line(task: PostTask) -> list[str]:
    due = f"{task.due_at:%Y-%m-%d}" if task.due_at and task.enabled else ""
    done = f"{task.done_at:%Y-%m-%d}" if task.done_at else "never"
    doer = f"runs ({task.kind})" if task.kind else "a person"
    frequency = task.get_frequency_display()
    return [str(task.pk), task.title, task.owner, frequency, doer, done, due + (" OVERDUE" if task.overdue else "")]


def _as_data(task: PostTask) -> dict[str, object]:
    names = (
        "title",
        "owner",
        "frequency",
        "when",
        "kind",
        "enabled",
        "due_at",
        "done_at",
        "done_by",
        "note",
        "overdue",
    )
    return {"task": task.pk, "done_run": task.done_run_id, **{name: getattr(task, name) for name in names}}


VERBS = (
    Verb(
        "tasks",
        "what is to be done after deployments, and what is overdue (runbook §9)",
        _arguments,
        _tasks,
        reads=lambda args: args.done is None,
    ),
)
