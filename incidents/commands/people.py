"""`ops incident severity | role | clock | note | private`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import datetime

from django.utils import timezone

from incidents.commands.eyes import eyes
from incidents.commands.incident import add_acts, find_incident, find_person, number_argument, person_argument, show
from incidents.models import Clock, EntryKind, Severity
from incidents.services import clocks, hiding, incidents, roles, severities
from smsops.errors import WrongUse
from smsops.ops.output import Output
from smsops.ops.registry import Verb

CLOCKS = {clock.label.lower(): clock for clock in Clock}


def _severity_arguments(parser: ArgumentParser) -> None:
    number_argument(parser)
    parser.add_argument("severity", choices=Severity.values)
    parser.add_argument("why", nargs="?", default="", help="why; needed for less than it is")
    person_argument(parser)


def _severity(args: Namespace, output: Output) -> int:
    person, incident = find_person(args.user), find_incident(args.number, eyes(args))
    severities.change(incident, args.severity, person, args.why)
    return show(incident, output)


def _role_arguments(parser: ArgumentParser) -> None:
    number_argument(parser)
    parser.add_argument("role", choices=list(roles.ROLES))
    parser.add_argument("person", nargs="?", default="", help="who shall have it; without: --user; “nobody”: nobody")
    parser.add_argument("--why", default="", help="needed to take it from somebody")
    person_argument(parser)


def _role(args: Namespace, output: Output) -> int:
    doer, incident = find_person(args.user), find_incident(args.number, eyes(args))
    person = None if args.person == "nobody" else find_person(args.person or args.user)
    roles.give(incident, args.role, person, doer, args.why, free=True)
    return show(incident, output)


def _clock_arguments(parser: ArgumentParser) -> None:
    number_argument(parser)
    parser.add_argument("clock", choices=list(CLOCKS))
    parser.add_argument("moment", help="what it should have said, like 2026-03-02T10:15:00+00:00")
    parser.add_argument("why", help="why it was wrong")
    person_argument(parser)


def _clock(args: Namespace, output: Output) -> int:
    doer, incident = find_person(args.user), find_incident(args.number, eyes(args))
    clocks.correct(incident, CLOCKS[args.clock], moment(args.moment), doer, args.why)
    return show(incident, output)


def moment(text: str) -> datetime:
    """From ISO text; without a zone it is in the installation's."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"“{text}” is no moment; write one like 2026-03-02T10:15:00+00:00.") from None
    return found if found.tzinfo is not None else timezone.make_aware(found)


def _note_arguments(parser: ArgumentParser) -> None:
    number_argument(parser)
    parser.add_argument("text", help="what to write on the timeline")
    person_argument(parser)


def _note(args: Namespace, output: Output) -> int:
    doer, incident = find_person(args.user), find_incident(args.number, eyes(args))
    if not args.text.strip():
        raise WrongUse("Say what to write down.")
    incidents.note(incident, EntryKind.NOTE, args.text, author=doer.get_username())
    return show(incident, output)


def _private_arguments(parser: ArgumentParser) -> None:
    number_argument(parser)
    parser.add_argument("why", help="what to say on the timeline")
    parser.add_argument("--no-more", action="store_true", help="let everybody see it again")
    person_argument(parser)


def _private(args: Namespace, output: Output) -> int:
    doer, incident = find_person(args.user), find_incident(args.number, eyes(args))
    (hiding.show if args.no_more else hiding.hide)(incident, doer, args.why)
    return show(incident, output)


add_acts(
    Verb("severity", "raise it, or lower it for a reason", _severity_arguments, _severity),
    Verb("role", "take a role, or give it to somebody", _role_arguments, _role),
    Verb("clock", "correct one of its clocks, with a trace", _clock_arguments, _clock),
    Verb("note", "write a line on its timeline", _note_arguments, _note),
    Verb("private", "let only those see it who may see private incidents", _private_arguments, _private),
)
