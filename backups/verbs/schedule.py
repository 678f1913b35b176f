"""`ops schedule`: when backups are taken, and pauses."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import datetime, timedelta

from django.utils import timezone

from backups.services import forecast, schedule
from backups.services import storage as sizes
from smsops.errors import WrongUse
from smsops.models import Environment
from smsops.ops.common import by, environment_argument, find_environment
from smsops.ops.output import Output
from smsops.ops.registry import GOOD, Verb
from smsops.text import bytes_text, count_text, seconds_text


def _arguments(parser: ArgumentParser) -> None:
    environment_argument(parser)
    parser.add_argument("--pause", type=float, metavar="HOURS", help="take no scheduled backups for so many hours")
    parser.add_argument("--resume", action="store_true", help="end a pause now")
    parser.add_argument("--reason", default="", help="why; it goes into the record")


def _run(args: Namespace, output: Output) -> int:
    environment = find_environment(args.environment)
    if args.pause is not None and args.resume:
        raise WrongUse("Either pause or resume.")
    if args.pause is not None:
        schedule.pause(environment, timedelta(hours=args.pause), by(args))
    if args.resume and not schedule.resume(environment):
        raise WrongUse(f"The backups of {environment.name} are not paused.")
    _show(Environment.objects.get(pk=environment.pk), output)
    return GOOD


def _next(environment: Environment, due: datetime | None) -> str:
    if due is None:
        return "Scheduled backups are off."
    if due <= timezone.now():  # beat rings once in a period
        return f"The next one is due; it begins within {environment.backup_minutes} min."
    return f"The next one is due at {due:%Y-%m-%d %H:%M} UTC."


def _show(environment: Environment, output: Output) -> None:
    planned, breach, storage = schedule.of(environment), forecast.breach(environment), sizes.of(environment)
    due = schedule.due_after(planned, schedule.last_start(environment))
    hours = planned.hours
    usual, quiet = (seconds_text(pace.total_seconds()) for pace in (hours.usual, hours.quiet))
    when = f"from {hours.opens:%H:%M} to {hours.closes:%H:%M} on {planned.business_days} ({planned.time_zone})"
    output.say(
        f"Backups every {usual} {when}, otherwise every {quiet}." if usual != quiet else f"Backups every {usual}."
    )
    if planned.paused:
        output.say(f"Paused until {planned.paused_until:%Y-%m-%d %H:%M} UTC by {planned.paused_by}: "
                   f"{planned.pause_reason}")  # fmt: skip
    output.say(_next(environment, due))
    output.say(str(breach) if breach else f"The RPO of {environment.rpo_minutes} min is kept.")
    full = f"the disk is full in {seconds_text(storage.full.total_seconds())}" if storage.full else "there is room"
    output.say(f"{count_text(storage.backups, 'backup')} of {bytes_text(storage.raw)} in {bytes_text(storage.size)}; "
               f"by the policy it will be {bytes_text(storage.settled)}: {full}.")  # fmt: skip
    output.data({
        "environment": environment.name,
        "paused_until": planned.waits_until,
        "next": due,
        "rpo": str(breach) if breach else "",
        "bytes": storage.size,
        "settled_bytes": storage.settled,
        "full_in_seconds": storage.full.total_seconds() if storage.full else None,
    })  # fmt: skip


VERBS = (
    Verb(
        "schedule",
        "when backups are taken; pause and resume them",
        _arguments,
        _run,
        reads=lambda args: args.pause is None and not args.resume,
    ),
)
