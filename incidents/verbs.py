"""`ops status | incident | logs`."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace
from collections import deque
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from django.contrib.auth import get_user_model
from django.utils import timezone

from backups.services import following
from incidents import selectors
from incidents.models import Incident
from incidents.services import incidents, log_archive, log_reading
from smsops.errors import OpsError, WrongUse
from smsops.models import Environment
from smsops.ops.common import environment_argument, find_environment
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb
from smsops.text import seconds_text

MOST_LINES = 100_000  # a list to be read
_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _status_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("environment", nargs="?", help="only this environment")


def _status(args: Namespace, output: Output) -> int:
    chosen = [find_environment(args.environment)] if args.environment else list(Environment.objects.all())
    found = [selectors.status(environment) for environment in chosen]
    output.table(
        ["ENVIRONMENT", "SMS", "RELEASE", "LAST BACKUP", "INCIDENTS", "RUNNING NOW"],
        [
            (
                status.environment.name,
                status.health,
                status.release or "-",
                status.backup_age,
                len(status.incidents),
                status.active.title if status.active else "-",
            )
            for status in found
        ],
    )
    output.data([status.as_data() for status in found])
    return GOOD if all(status.good for status in found) else BAD


def _incident_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("number", nargs="?", type=int, help="show this incident (without: list the live ones)")
    parser.add_argument("--acknowledge", action="store_true")
    parser.add_argument("--resolve", metavar="WHY", default="")
    parser.add_argument("--user", default="", help="the smsops user who does it")


def _incident(args: Namespace, output: Output) -> int:
    if args.number is None:
        return _list(output)
    incident = Incident.objects.select_related("environment").filter(pk=args.number).first()
    if incident is None:
        raise WrongUse(f"There is no incident {args.number}; “ops incident” lists the live ones.")
    if args.acknowledge or args.resolve:
        _move(incident, args)
    output.say(f"{incident.get_severity_display()}: {incident.title} ({incident.get_state_display()})")
    for entry in incident.timeline.all():
        output.say(f"  {entry.at:%Y-%m-%d %H:%M:%S}  {entry.author or 'smsops'}: {entry.text}")
    if following.of(incident.environment) is not None:
        output.say(
            f"To just before it: ops restore {incident.environment.name} --at {incident.moment_before.isoformat()}"
        )
    output.data(selectors.incident_data(incident))
    return GOOD


def _move(incident: Incident, args: Namespace) -> None:
    user = get_user_model().objects.filter(username=args.user, is_active=True).first()
    if user is None:
        raise WrongUse("Say who does it: --user NAME, the name of an active user.")
    if args.acknowledge:
        incidents.acknowledge(incident, user)
    if args.resolve:
        incidents.resolve(incident, args.resolve, user)


def _list(output: Output) -> int:
    found = list(selectors.live_incidents())
    output.table(
        ["INCIDENT", "SEVERITY", "STATE", "ENVIRONMENT", "SINCE", "WHAT"],
        [
            (
                incident.pk,
                incident.get_severity_display(),
                incident.get_state_display(),
                incident.environment.name,
                seconds_text(incident.seconds),
                incident.title,
            )
            for incident in found
        ],
    )
    output.data([selectors.incident_data(incident) for incident in found])
    return GOOD


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
    try:
        pattern = re.compile(args.grep) if args.grep else None
    except re.error as error:
        raise WrongUse(f"“{args.grep}” is not a pattern: {error}.") from None
    wanted = log_reading.Wanted(_moment(args.since), _moment(args.until), pattern)
    away = ""
    try:
        log_archive.collect(environment)  # what was said since the last bell
    except OpsError as error:
        away = f"{error} This is what the archive has."
    found = deque(log_reading.entries(environment, wanted), maxlen=min(max(1, args.lines), MOST_LINES))
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


VERBS = (
    Verb(
        "status",
        "how every environment is now; exit code 0 only when all is well",
        _status_arguments,
        _status,
    ),
    Verb("incident", "list the live incidents, or show and move one", _incident_arguments, _incident),
    Verb("logs", "what SMS said, from the archive and up to now", _logs_arguments, _logs),
)
