"""`ops incident acknowledge | mitigate | resolve | close | reopen`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from django.contrib.auth.models import User

from incidents.commands.eyes import eyes
from incidents.commands.incident import add_acts, find_incident, find_person, number_argument, person_argument, show
from incidents.models import Incident
from incidents.services import lifecycle
from smsops.ops.output import Output
from smsops.ops.registry import Verb

Move = Callable[[Incident, str, User], None]


def _arguments(parser: ArgumentParser) -> None:
    number_argument(parser)
    parser.add_argument("why", nargs="?", default="", help="what to say on the timeline")
    person_argument(parser)


def _with_reason(parser: ArgumentParser) -> None:
    number_argument(parser)
    parser.add_argument("why", help="what to say on the timeline")
    person_argument(parser)


def _act(name: str, told: str, move: Move, arguments: Callable[[ArgumentParser], None] = _with_reason) -> Verb:
    def run(args: Namespace, output: Output) -> int:
        person = find_person(args.user)
        incident = find_incident(args.number, eyes(args))
        move(incident, args.why, person)
        return show(incident, output)

    return Verb(name, told, arguments, run)


def _resolve_arguments(parser: ArgumentParser) -> None:
    _with_reason(parser)
    parser.add_argument(
        "--although", default="", metavar="WHY", help="why it is over while something is red; shown as contradicted"
    )


def _resolve(args: Namespace, output: Output) -> int:
    person = find_person(args.user)
    incident = find_incident(args.number, eyes(args))
    lifecycle.resolve(incident, args.why, person, args.although)
    return show(incident, output)


add_acts(
    _act("acknowledge", "take it on", lambda it, why, user: lifecycle.acknowledge(it, user, why), _arguments),
    _act("mitigate", "its users are served again, though the cause is not gone", lifecycle.mitigated),
    Verb("resolve", "it is over", _resolve_arguments, _resolve),
    _act("close", "nothing is left to do", lifecycle.close),
    _act("reopen", "it was not over", lifecycle.reopen),
)
