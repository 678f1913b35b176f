"""`ops restart`, `ops recreate`, `ops key-back`, `ops upgrade`, `ops rebuild`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from deployments.services import rebuilds, restarts, upgrades
from smsops.ops.common import by, find_environment, follow, run_arguments
from smsops.ops.output import Output
from smsops.ops.registry import Verb


def _restart(args: Namespace, output: Output) -> int:
    return follow(restarts.restart(find_environment(args.environment), by(args)), args, output)


def _recreate_arguments(parser: ArgumentParser) -> None:
    run_arguments(parser)
    parser.add_argument("--memory-mb", type=int, metavar="MB", help="with so much memory from now on")


def _recreate(args: Namespace, output: Output) -> int:
    environment = find_environment(args.environment)
    if args.memory_mb is None:
        return follow(restarts.recreate(environment, by(args)), args, output)
    return follow(restarts.give_memory(environment, args.memory_mb, by(args)), args, output)


def _key_back(args: Namespace, output: Output) -> int:
    return follow(restarts.put_key_back(find_environment(args.environment), by(args)), args, output)


def _upgrade(args: Namespace, output: Output) -> int:
    return follow(upgrades.start(find_environment(args.environment), by(args)), args, output)


def _rebuild(args: Namespace, output: Output) -> int:
    return follow(rebuilds.start(find_environment(args.environment), by(args)), args, output)


VERBS = (
    Verb("restart", "stop SMS and start it again, as it is (runbook §5.3.3)", run_arguments, _restart),
    Verb("recreate", "make SMS anew from its image and its env file (runbook §5.3.1)", _recreate_arguments, _recreate),
    Verb("key-back", "put the SECRET_KEY back that was known (runbook §5.3.4)", run_arguments, _key_back),
    Verb("upgrade", "let the running release migrate its database (runbook §5.3.2)", run_arguments, _upgrade),
    Verb("rebuild", "build the running release without cache, and run it (runbook §5.3.5)", run_arguments, _rebuild),
)
