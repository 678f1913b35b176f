"""`manage.py ops VERB …`: everything smsops does, without a browser."""

from __future__ import annotations

import logging
import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, ProgrammingError

from smsops.errors import DatabaseAway, OpsError, WrongUse
from smsops.ops.audited import recorded
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, VERBS, WRONG
from smsops.redact import redact

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Backs up, deploys, rolls back, restores SMS. Exit code 0: the good verdict; 1: any other; 2: wrong use."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=ArgumentParser)
        for name in sorted(VERBS):
            sub = verbs.add_parser(name, help=VERBS[name].help, description=VERBS[name].help)
            sub.add_argument("--json", action="store_true", help="print one JSON document")
            VERBS[name].arguments(sub)

    def handle(self, *args: Any, **options: Any) -> None:
        words = Namespace(**options)
        output = Output(sys.stdout, sys.stderr, as_json=words.json)
        try:
            with recorded(VERBS[words.verb], words, output):
                code = VERBS[words.verb].run(words, output)
        except WrongUse as error:
            code = _complain(output, error, WRONG)
        except OpsError as error:
            code = _complain(output, error, BAD)
        except (OperationalError, InterfaceError, ProgrammingError, DatabaseAway) as error:
            code = _complain(output, _database_told(error), BAD)
        except OSError as error:
            code = _complain(output, OpsError(f"{error.filename or 'This machine'}: {error.strerror or error}."), BAD)
        except KeyboardInterrupt:
            output.stderr.write("\nStopped waiting; the run itself goes on.\n")
            code = BAD
        output.end()
        if code != GOOD:
            sys.exit(code)


def _database_told(error: Exception) -> OpsError:
    """smsops' own database in a sentence: away, full, not to be written, or of another version."""
    log.debug("The database refused.", exc_info=error)
    lines = str(error).strip().splitlines() or ["it says nothing"]
    if any(words in lines[0] for words in ("no such", "does not exist")):
        what = f"The database of smsops is of another version: {lines[0]}."
        return OpsError(what, fix="Run “manage.py upgrade” first.")
    return OpsError(f"The database of smsops cannot be used: {lines[0]}.")


def _complain(output: Output, error: OpsError, code: int) -> int:
    output.stderr.write(redact(str(error)) + "\n")
    output.data({"error": str(error)})
    return code
