"""`ops incident [ACT]`: the live incidents, and what can be done with one; other modules add acts of their own."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from backups.services import following
from incidents import selectors
from incidents.models import Incident
from smsops.errors import WrongUse
from smsops.ops.output import Output
from smsops.ops.registry import GOOD, Verb
from smsops.text import seconds_text

ACTS: dict[str, Verb] = {}


def add_acts(*acts: Verb) -> None:
    """Make acts known; each is told the parsed words and where to say what."""
    ACTS.update({act.name: act for act in acts})


def number_argument(parser: ArgumentParser) -> None:
    parser.add_argument("number", type=int, help="number of the incident")


def person_argument(parser: ArgumentParser) -> None:
    parser.add_argument("--user", default="", help="the smsops user who does it")


def find_incident(number: int) -> Incident:
    """The incident of that number; WrongUse when there is none."""
    incident = Incident.objects.select_related("environment").filter(pk=number).first()
    if incident is None:
        raise WrongUse(f"There is no incident {number}; “ops incident” lists the live ones.")
    return incident


def find_person(name: str) -> User:
    """The active user of that name; WrongUse when there is none."""
    user = get_user_model().objects.filter(username=name, is_active=True).first()
    if user is None:
        raise WrongUse("Say who does it: --user NAME, the name of an active user.")
    return user


def show(incident: Incident, output: Output) -> int:
    """Say what is known of it, line by line."""
    output.say(f"{incident.get_severity_display()}: {incident.title} ({incident.get_state_display()})")
    for entry in incident.timeline.all():
        output.say(f"  {entry.at:%Y-%m-%d %H:%M:%S}  {entry.author or 'smsops'}: {entry.text}")
    if following.of(incident.environment) is not None:
        moment = incident.moment_before.isoformat()
        output.say(f"To just before it: ops restore {incident.environment.name} --at {moment}")
    output.data(selectors.incident_data(incident))
    return GOOD


def _list(args: Namespace, output: Output) -> int:
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


def _arguments(parser: ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", metavar="ACT", parser_class=ArgumentParser)
    for name in sorted(ACTS):
        sub = acts.add_parser(name, help=ACTS[name].help, description=ACTS[name].help)
        sub.add_argument("--json", action="store_true", default=SUPPRESS, help="print one JSON document")
        ACTS[name].arguments(sub)


def _incident(args: Namespace, output: Output) -> int:
    return ACTS[args.act or "list"].run(args, output)


add_acts(
    Verb("list", "the live incidents", lambda parser: None, _list),
    Verb(
        "show", "what is known of one", number_argument, lambda args, output: show(find_incident(args.number), output)
    ),
)
INCIDENT = Verb("incident", "the live incidents; show one, or move it along", _arguments, _incident)
