"""The verbs of `manage.py ops`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass

from smsops.ops.output import Output

GOOD, BAD, WRONG = 0, 1, 2  # exit codes: the good verdict, any other, wrong use


@dataclass(frozen=True)
class Verb:
    """A verb: its words on the command line, and what it does. `run` returns the exit code."""

    name: str
    help: str
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace, Output], int]


VERBS: dict[str, Verb] = {}


def add(*verbs: Verb) -> None:
    """Make verbs known."""
    VERBS.update({verb.name: verb for verb in verbs})
