"""The kernel's own verbs: environments, runs, cancelling."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from smsops.environments import files
from smsops.errors import WrongUse
from smsops.models import FINAL, Environment, Run
from smsops.models import GOOD as GOOD_STATES
from smsops.ops import door, field_key, first_admin
from smsops.ops.common import as_data, by, find_environment, find_run, watch
from smsops.ops.eyes import eyes_argument, seen
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb
from smsops.runs import cancel
from smsops.text import seconds_text

MOST_RUNS = 1000  # a list to be read


def _env_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=["apply", "list"])
    parser.add_argument("file", nargs="?", help="YAML file, for apply")


def _env(args: Namespace, output: Output) -> int:
    if args.action == "apply":
        if not args.file:
            raise WrongUse("Name the YAML file: ops env apply FILE.")
        for environment, created in files.apply(args.file):
            output.say(f"{environment.name}: {'created' if created else 'changed'}.")
    rows = list(Environment.objects.all())
    if args.action == "list":
        output.table(
            ["NAME", "RUNTIME", "INSTANCE", "ADDRESS"],
            [(row.name, row.get_runtime_display(), row.instance, row.base_url) for row in rows],
        )
    output.data([{"name": row.name, "runtime": row.runtime, "base_url": row.base_url} for row in rows])
    return GOOD


def _runs_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("environment", nargs="?", help="only this environment")
    parser.add_argument("--last", type=int, default=20, help="how many (20)")
    eyes_argument(parser)


def _runs(args: Namespace, output: Output) -> int:
    runs = seen(Run.objects.select_related("environment", "approval").prefetch_related("steps"), args)
    if args.environment:
        runs = runs.filter(environment=find_environment(args.environment))
    found = list(runs[: min(max(1, args.last), MOST_RUNS)])
    output.table(
        ["RUN", "WHEN (UTC)", "WHAT", "VERDICT", "TOOK", "BY"],
        [
            (
                run.pk,
                f"{run.created_at:%Y-%m-%d %H:%M:%S}",
                run.title,
                run.get_state_display(),
                seconds_text(run.seconds),
                run.actor_name,
            )
            for run in found
        ],
    )
    output.data([as_data(run) for run in found])
    return GOOD


def _run_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("run", type=int, help="number of the run")
    parser.add_argument("--wait", action="store_true", help="wait for the verdict and show the progress")
    eyes_argument(parser)


def _run(args: Namespace, output: Output) -> int:
    run = find_run(args.run, seen(Run.objects.all(), args))
    if args.wait:
        return watch(run, output)
    output.say(f"{run.title}: {run.get_state_display()}. {run.headline}")
    output.table(
        ["STEP", "STATE", "WORK", "WHAT IT SAID"],
        [
            (
                step.title,
                step.get_state_display(),
                seconds_text(step.work_seconds),
                (step.error or step.output)[:100],
            )
            for step in run.steps.all()
        ],
    )
    output.data(as_data(run))
    return GOOD if run.state not in FINAL or run.state in GOOD_STATES else BAD


def _cancel_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("run", type=int, help="number of the run")
    parser.add_argument("--reason", default="", help="why; it goes into the record")


def _cancel(args: Namespace, output: Output) -> int:
    run = find_run(args.run)
    output.say(cancel.request(run, by(args)))
    output.data(as_data(run))
    return GOOD


VERBS = (
    Verb("env", "create environments from a YAML file, or list them", _env_arguments, _env),
    Verb("runs", "list runs, newest first", _runs_arguments, _runs),
    Verb("run", "show one run", _run_arguments, _run),
    Verb("cancel", "cancel a run", _cancel_arguments, _cancel),
    door.VERB,
    field_key.VERB,
    first_admin.VERB,
)
