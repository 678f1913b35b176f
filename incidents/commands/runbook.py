"""`ops runbook export [ENV] [FILE]`: the runbook as it is now, to be printed before the night it is needed."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from incidents.commands.eyes import eyes, eyes_argument
from incidents.runbook import chapters, markdown
from smsops.errors import WrongUse
from smsops.ops.common import find_environment
from smsops.ops.output import Output
from smsops.ops.registry import GOOD, Verb


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=["export"])
    parser.add_argument("environment", nargs="?", default="", help="of which environment (the general one)")
    parser.add_argument("file", nargs="?", default="", help="where to write it (the screen)")
    eyes_argument(parser)


def _runbook(args: Namespace, output: Output) -> int:
    if args.environment:
        find_environment(args.environment)  # says which ones are known
    found = chapters.read(chapters.place_of(args.environment), eyes(args))
    text = markdown.of(found)
    if not args.file:
        output.file(f"runbook-{args.environment or 'general'}.md", text)
        return GOOD
    try:
        Path(args.file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise WrongUse(f"{args.file} cannot be written: {error.strerror}.") from error
    output.say(f"{found.title} is in {args.file}.")
    output.data({"file": args.file, "environment": args.environment or None})
    return GOOD


RUNBOOK = Verb("runbook", "the runbook as it is now, as Markdown to be printed", _arguments, _runbook)
