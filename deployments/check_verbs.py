"""`ops preflight | check`: a line for each check, and what to do below those that failed."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from deployments import selectors
from deployments.models import CheckResult
from deployments.models.check import CheckVerdict
from deployments.services import preflight
from smsops.ops.common import environment_argument, find_environment
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb

FIELDS = ("key", "title", "section", "verdict", "detail", "fix", "seconds")


def _check_arguments(parser: ArgumentParser) -> None:
    environment_argument(parser)
    parser.add_argument("--only", nargs="+", default=[], metavar="KEY", help="only these checks")


def _preflight_arguments(parser: ArgumentParser) -> None:
    environment_argument(parser)
    parser.add_argument("version", help="version of the release")
    parser.add_argument("--only", nargs="+", default=[], metavar="KEY", help="only these checks")


def _preflight(args: Namespace, output: Output) -> int:
    release = selectors.find(find_environment(args.environment), args.version)
    return _report(preflight.ask_preconditions(release, args.only), output)


def _check(args: Namespace, output: Output) -> int:
    return _report(preflight.ask_checklist(find_environment(args.environment), args.only), output)


def _report(results: Sequence[CheckResult], output: Output) -> int:
    for result in results:
        output.say(f"{result.verdict.upper():4} {result.title}: {result.detail}")
        if result.fix:
            output.say(f"     {result.fix}")
    output.data([{name: getattr(result, name) for name in FIELDS} for result in results])
    return BAD if any(result.verdict == CheckVerdict.FAIL for result in results) else GOOD


VERBS = (
    Verb("preflight", "check the preconditions of a release (runbook §1)", _preflight_arguments, _preflight),
    Verb("check", "run the verification checklist (runbook §3)", _check_arguments, _check),
)
