"""`ops status | incident`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from django.contrib.auth import get_user_model

from incidents import selectors
from incidents.models import Incident
from incidents.services import incidents
from smsops.errors import WrongUse
from smsops.models import Environment
from smsops.ops.common import find_environment
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb
from smsops.text import seconds_text


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


VERBS = (
    Verb(
        "status",
        "how every environment is now; exit code 0 only when all is well",
        _status_arguments,
        _status,
    ),
    Verb("incident", "list the live incidents, or show and move one", _incident_arguments, _incident),
)
