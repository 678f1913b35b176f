"""`ops door-rules`: what the door before the Docker Engine is to let through, from the environments."""

from __future__ import annotations

import tempfile
from argparse import ArgumentParser, Namespace
from typing import Any

import yaml
from django.conf import settings

from smsops.door.rules import SANDBOX_NETWORK
from smsops.models import EdgeKind, Environment, RuntimeKind
from smsops.ops.output import Output
from smsops.ops.registry import GOOD, Verb


def rules_of(queue: str = "") -> dict[str, Any]:
    """The rules as data: of all environments in Docker, or of those beside the engine of one queue."""
    rows = Environment.objects.filter(runtime=RuntimeKind.DOCKER)
    return {
        "environments": {row.name: _environment(row) for row in (rows.filter(queue=queue) if queue else rows)},
        "work_folders": [str(settings.SMSOPS_WORK_DIR)],
        "scratch_folder": tempfile.gettempdir(),
        "shown_folders": [],
        "networks": [SANDBOX_NETWORK],
        "load": False,
    }


def _environment(row: Environment) -> dict[str, Any]:
    edged = {} if row.edge == EdgeKind.NONE else {"own_ports": settings.SMSOPS_PORTS}
    return {
        "instance": row.instance,
        "image": row.image,
        "volume": row.volume,
        "ports": {row.container_port: row.host_port},
        **edged,
    }


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--queue", default="", help="only the environments of this queue: those of one engine")


def _door_rules(args: Namespace, output: Output) -> int:
    rules = rules_of(args.queue)
    output.say("# What the door before the Docker Engine lets through. Read it before you give it to the door.")
    output.say(yaml.safe_dump(rules, sort_keys=False).strip())
    output.data(rules)
    return GOOD


VERB = Verb("door-rules", "print the rules for the door before the Docker Engine", _arguments, _door_rules, reads=True)
