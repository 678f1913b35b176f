"""`ops status`: how every environment is."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from incidents import selectors
from incidents.commands.eyes import eyes, eyes_argument
from smsops import troubles
from smsops.models import Environment
from smsops.ops.common import find_environment
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb


def _status_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("environment", nargs="?", help="only this environment")
    eyes_argument(parser)


def _status(args: Namespace, output: Output) -> int:
    chosen = [find_environment(args.environment)] if args.environment else list(Environment.objects.all())
    wanted = {environment.pk for environment in chosen}
    found = [status for status in selectors.statuses(eyes(args)) if status.environment.pk in wanted]
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
    wrong = [said for _, said in troubles.found()]
    for said in wrong:
        output.say(f"WARNING: {said}")
    output.data([status.as_data() for status in found])
    return GOOD if all(status.good for status in found) and not wrong else BAD


STATUS = Verb(
    "status", "how every environment is now; exit code 0 only when all is well", _status_arguments, _status, reads=True
)
