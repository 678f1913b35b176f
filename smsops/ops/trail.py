"""`ops audit verify | export`: the audit trail; with an environment's name, what another room audits there."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from django.contrib.auth.models import AnonymousUser

from smsops.audit import checking, discretion, exporting, verifying
from smsops.errors import OpsError, WrongUse
from smsops.models import AuditEntry
from smsops.ops.common import start_arguments
from smsops.ops.eyes import eyes_argument, find_person
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Said, Verb
from smsops.text import count_text

Run = Callable[[Namespace, Output], int]
_OF_ENVIRONMENTS: list[Run] = []
UNGUARDED = "The database itself would let entries be changed: its triggers are gone (migrate brings them back)."


def audit_environments(run: Run) -> None:
    """Let another room audit an environment: it finds `environment` and `version` among the words."""
    if run not in _OF_ENVIRONMENTS:
        _OF_ENVIRONMENTS.append(run)


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "environment", metavar="verify|export|ENVIRONMENT",
        help="verify or export the audit trail; the name of an environment: audit its running release, or VERSION",
    )  # fmt: skip
    parser.add_argument(
        "version", nargs="?", default="", metavar="FILE|VERSION",
        help="verify: an export to verify, without a database; export: the new file, .jsonl or .csv",
    )  # fmt: skip
    parser.add_argument("--from", dest="begin", type=int, default=1, metavar="N", help="verify: from entry N on")
    parser.add_argument(
        "--anchor", action="append", default=[], metavar="N:DIGEST",
        help="verify: entry N must have this digest; it was noted elsewhere; may be repeated",
    )  # fmt: skip
    start_arguments(parser)
    eyes_argument(parser)


def _verify(args: Namespace, output: Output) -> int:
    anchors = dict(_anchor(text) for text in args.anchor)
    if args.version:
        found = verifying.file(Path(args.version), anchors)
    else:
        found = checking.check(max(1, args.begin), anchors)
        if not verifying.refuses_changes():
            output.say(UNGUARDED)
    output.say(found.sentence)
    if found.whole and found.entries:
        output.say(f"It ends with entry {found.last}. Note this elsewhere: --anchor {found.last}:{found.head}")
    output.data({"whole": found.whole, "sentence": found.sentence, **asdict(found)})
    return GOOD if found.whole else BAD


def _anchor(text: str) -> tuple[int, str]:
    number, _, digest = text.partition(":")
    if not number.isdecimal() or len(digest) != 64:
        raise WrongUse(f"“{text}” is no anchor; write the entry's number, a colon and its digest.")
    return int(number), digest.lower()


def _export(args: Namespace, output: Output) -> int:
    path = Path(args.version)
    if path.suffix not in (".jsonl", ".csv"):
        raise WrongUse("Name a new file that ends in .jsonl or .csv: ops audit export FILE.")
    hidden = discretion.hidden_from(find_person(args.eyes) if args.eyes else AnonymousUser())
    entries = AuditEntry.objects.all()
    masked = entries.filter(scope__in=hidden).count()
    write = exporting.csv_lines if path.suffix == ".csv" else exporting.json_lines
    _write(path, write(entries, hidden))
    output.say(f"{path} is written.")
    if masked:
        private = count_text(masked, "entry that is private", "entries that are private")
        output.say(f"Of {private} it has the place alone; --as USER writes everything.")
    output.data({"file": str(path), "masked": masked})
    return GOOD


def _write(path: Path, lines: Iterable[str]) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.writelines(lines)
    except FileExistsError as error:
        raise WrongUse(f"{path} is there already; name a new file.") from error
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise OpsError(f"{path} cannot be written: {error.strerror}.") from error


ACTS: dict[str, Run] = {"verify": _verify, "export": _export}


def _run(args: Namespace, output: Output) -> int:
    run = ACTS.get(args.environment) or next(iter(_OF_ENVIRONMENTS), None)
    if run is None:
        raise WrongUse(f"Say what: ops audit {' | '.join(ACTS)}.")
    return run(args, output)


def _said(args: Namespace) -> Said:
    return Said(f".{args.environment}" if args.environment in ACTS else "")


VERB = Verb(
    "audit",
    "verify or export the audit trail; or look for known weaknesses and secrets in a release: waiting, exit code 0 "
    "only when all was checked and none is open",
    _arguments,
    _run,
    reads=lambda args: args.environment == "verify",  # it writes down itself what came of it
    said=_said,
)
