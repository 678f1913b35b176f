"""`ops build | load | archive`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from deployments import selectors
from deployments.services import archive, builds
from smsops.ops.common import by, find_environment, follow, run_arguments
from smsops.ops.output import Output
from smsops.ops.registry import GOOD, Verb


def _build_arguments(parser: ArgumentParser) -> None:
    run_arguments(parser)
    parser.add_argument("version", help="version of the release")
    _again(parser)


def _again(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--again", action="store_true", help="although the version has an image; that one is kept (wants --reason)"
    )


def _build(args: Namespace, output: Output) -> int:
    release = selectors.find(find_environment(args.environment), args.version)
    return follow(builds.build(release, by(args), args.again), args, output)


def _load_arguments(parser: ArgumentParser) -> None:
    run_arguments(parser)
    parser.add_argument("file", help="what “docker save” wrote; its whole path on the worker's machine")
    _again(parser)


def _load(args: Namespace, output: Output) -> int:
    return follow(builds.load(find_environment(args.environment), args.file, by(args), args.again), args, output)


def _archive_arguments(parser: ArgumentParser) -> None:
    run_arguments(parser)
    parser.add_argument("--keep", type=int, default=archive.KEEP, metavar="N", help="newest releases that stay (5)")
    parser.add_argument("--dry-run", action="store_true", help="only say what would go, and why the others stay")


def _archive(args: Namespace, output: Output) -> int:
    environment = find_environment(args.environment)
    if not args.dry_run:
        return follow(archive.start(environment, by(args), args.keep), args, output)
    found = archive.judge(environment, args.keep)
    for verdict in found:
        output.say(verdict.line)
    output.data([{"version": each.image.version, "image_id": each.image.id, "stays": each.why} for each in found])
    return GOOD


VERBS = (
    Verb("build", "build a release's image from its tag; SMS goes on working", _build_arguments, _build),
    Verb("load", "take a release's image out of a tar", _load_arguments, _load),
    Verb(
        "archive",
        "remove images of old releases that nobody needs",
        _archive_arguments,
        _archive,
        reads=lambda args: args.dry_run,
    ),
)
