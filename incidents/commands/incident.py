"""`ops incident [ACT]`: the live incidents, and what can be done with one; other modules add acts of their own."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Iterator

from backups.services import following
from incidents import selectors
from incidents.commands.eyes import eyes, eyes_argument, find_person
from incidents.models import Incident
from incidents.privacy import Terminal, seen_by
from incidents.services import contradictions, severities, suggested_severity
from incidents.services.roles import ROLES
from smsops.errors import WrongUse
from smsops.ops.output import Output
from smsops.ops.registry import GOOD, Said, Verb
from smsops.text import seconds_text

__all__ = ["add_acts", "find_incident", "find_person", "number_argument", "person_argument", "show"]

ACTS: dict[str, Verb] = {}


def add_acts(*acts: Verb) -> None:
    """Make acts known; each is told the parsed words and where to say what."""
    ACTS.update({act.name: act for act in acts})


def number_argument(parser: ArgumentParser) -> None:
    parser.add_argument("number", type=int, help="number of the incident")


def person_argument(parser: ArgumentParser) -> None:
    parser.add_argument("--user", default="", help="the smsops user who does it")


def find_incident(number: int, seen: Terminal | None = None) -> Incident:
    """The incident of that number; WrongUse when there is none, or none that is to be seen."""
    found = Incident.objects.select_related("environment", "acknowledged_by", *ROLES)
    incident = found.filter(seen_by(seen or Terminal()), pk=number).first()
    if incident is None:
        raise WrongUse(f"There is no incident {number}; “ops incident” lists the live ones.")
    return incident


def show(incident: Incident, output: Output) -> int:
    """Say what is known of it, line by line."""
    private = ", private" if incident.private else ""
    output.say(f"{incident.get_severity_display()}: {incident.title} ({incident.get_state_display()}{private})")
    for line in _head(incident):
        output.say(line)
    for entry in incident.timeline.all():
        output.say(f"  {entry.at:%Y-%m-%d %H:%M:%S}  {entry.author or 'smsops'}: {entry.text}")
    if following.of(incident.environment) is not None:
        moment = incident.moment_before.isoformat()
        output.say(f"To just before it: ops restore {incident.environment.name} --at {moment}")
    output.data(selectors.incident_data(incident))
    return GOOD


def _head(incident: Incident) -> Iterator[str]:
    """Who has it, who does what, by when, and what speaks against what somebody said."""
    if incident.acknowledged_by is not None:
        yield f"{incident.acknowledged_by} has it."
    elif incident.live:
        yield f"Nobody has it; somebody should by {severities.response_due_at(incident):%Y-%m-%d %H:%M} UTC."
    if held := [
        f"{title.lower()} {getattr(incident, role)}" for role, (title, _) in ROLES.items() if getattr(incident, role)
    ]:
        yield f"Roles: {', '.join(held)}."
    if suggested := suggested_severity.of(incident):
        yield suggested.sentence
    if incident.contradicts:
        yield f"Contradicted: {' '.join(contradictions.red(incident) or [incident.contradicted])}"


def _list(args: Namespace, output: Output) -> int:
    found = list(selectors.live_incidents().filter(seen_by(eyes(args))).select_related("acknowledged_by", *ROLES))
    output.table(
        ["INCIDENT", "SEVERITY", "STATE", "ENVIRONMENT", "SINCE", "WHO", "WHAT"],
        [
            (
                incident.pk,
                incident.get_severity_display(),
                incident.get_state_display(),
                incident.environment.name,
                seconds_text(incident.seconds),
                incident.commander or incident.acknowledged_by or "-",
                incident.title,
            )
            for incident in found
        ],
    )
    output.data([selectors.incident_data(incident) for incident in found])
    return GOOD


def _show_arguments(parser: ArgumentParser) -> None:
    number_argument(parser)
    eyes_argument(parser)


def _show(args: Namespace, output: Output) -> int:
    return show(find_incident(args.number, eyes(args)), output)


def _arguments(parser: ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", metavar="ACT", parser_class=ArgumentParser)
    for name in sorted(ACTS):
        sub = acts.add_parser(name, help=ACTS[name].help, description=ACTS[name].help)
        sub.add_argument("--json", action="store_true", default=SUPPRESS, help="print one JSON document")
        ACTS[name].arguments(sub)


def _act(args: Namespace) -> Verb:
    return ACTS[args.act or "list"]


def _incident(args: Namespace, output: Output) -> int:
    return _act(args).run(args, output)


def _said(args: Namespace) -> Said:
    number = getattr(args, "number", None)
    return Said(f".{args.act}", ("", "") if number is None else ("incident", str(number)))


add_acts(
    Verb("list", "the live incidents", eyes_argument, _list, reads=True),
    Verb("show", "what is known of one", _show_arguments, _show, reads=True),
)
INCIDENT = Verb(
    "incident",
    "the live incidents; show one, or move it along",
    _arguments,
    _incident,
    reads=lambda args: not _act(args).changes(args),
    said=_said,
)
