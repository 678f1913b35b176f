"""The verbs of `manage.py ops`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass

from smsops.ops.output import Output

GOOD, BAD, WRONG = 0, 1, 2  # exit codes: the good verdict, any other, wrong use


@dataclass(frozen=True)
class Verb:
    """A verb: its words on the command line, and what it does. `run` returns the exit code.

    `reads` says that it changes nothing and takes nothing out, always or with these words. All others are in the audit
    trail, so one that says nothing is: `said` tells how it is called there, and of what it is.
    """

    name: str
    help: str
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace, Output], int]
    reads: bool | Callable[[Namespace], bool] = False
    said: Callable[[Namespace], Said] | None = None

    def changes(self, args: Namespace) -> bool:
        """Whether, with these words, it may change something."""
        return not (self.reads if isinstance(self.reads, bool) else self.reads(args))


@dataclass(frozen=True)
class Said:
    """A command in the audit trail: the rest of its name, and its object as kind and number."""

    action: str = ""
    about: tuple[str, str] = ("", "")


VERBS: dict[str, Verb] = {}


def add(*verbs: Verb) -> None:
    """Make verbs known."""
    VERBS.update({verb.name: verb for verb in verbs})
