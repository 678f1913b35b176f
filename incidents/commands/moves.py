"""`ops incident acknowledge | mitigate | resolve | close | reopen`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from django.contrib.auth.models import User

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
        incident = find_incident(args.number)
        move(incident, args.why, find_person(args.user))
        return show(incident, output)

    return Verb(name, told, arguments, run)


add_acts(
    _act("acknowledge", "take it on", lambda it, why, user: lifecycle.acknowledge(it, user, why), _arguments),
    _act("mitigate", "its users are served again, though the cause is not gone", lifecycle.mitigated),
    _act("resolve", "it is over", lifecycle.resolve),
    _act("close", "nothing is left to do", lifecycle.close),
    _act("reopen", "it was not over", lifecycle.reopen),
)
