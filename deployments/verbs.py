"""`ops releases | deploy | rehearse | rollback | config | rotate-key`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from deployments import selectors
from deployments.models import ConfigSnapshot, Release
from deployments.services import config, deploys, rehearsals, releases, rollbacks, rotations
from deployments.strategies.choice import AUTO, Strategy, WayBack
from smsops.errors import WrongUse
from smsops.ops.common import by, environment_argument, find_environment, follow, run_arguments
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb
from smsops.runtimes.registry import runtime_for


def _releases_arguments(parser: ArgumentParser) -> None:
    environment_argument(parser)
    parser.add_argument(
        "--import", dest="refresh", action="store_true", help="read the repository and the engine again"
    )


def _releases(args: Namespace, output: Output) -> int:
    environment = find_environment(args.environment)
    if args.refresh:
        for oddity in releases.import_all(environment)[1]:
            output.say(oddity)
    running = runtime_for(environment).inspect(environment.instance)
    found = list(environment.releases.all())
    here = running.image_id if running else ""
    output.table(
        ["VERSION", "RELEASED", "IMAGE", "MIGRATIONS", "NOTE"],
        [
            (
                release.version,
                release.released_on or "",
                _image(release, here),
                release.heads,
                "BREAKING CHANGES" if release.breaking else release.notes,
            )
            for release in found
        ],
    )
    output.data(
        [{"version": release.version, "image_id": release.image_id, "heads": release.heads} for release in found]
    )
    return GOOD


def _image(release: Release, here: str) -> str:
    if release.image_id:
        return "running" if release.image_id == here else "ready"
    return "archived" if release.archived_at else "missing"


def _deploy_arguments(parser: ArgumentParser) -> None:
    run_arguments(parser)
    parser.add_argument("version", help="version of the release")


def _breaking_arguments(parser: ArgumentParser) -> None:
    _deploy_arguments(parser)
    parser.add_argument(
        "--acknowledge", action="append", default=[], metavar="VERSION",
        help="a version whose breaking changes you have read; once for each on the way",
    )  # fmt: skip


def _deploy(args: Namespace, output: Output) -> int:
    release = selectors.find(find_environment(args.environment), args.version)
    return follow(deploys.deploy(release, by(args), args.acknowledge), args, output)


def _rehearse(args: Namespace, output: Output) -> int:
    release = selectors.find(find_environment(args.environment), args.version)
    return follow(rehearsals.start(release, by(args)), args, output)


def _rollback_arguments(parser: ArgumentParser) -> None:
    run_arguments(parser)
    parser.add_argument("--to", default="", metavar="VERSION", help="release to go back to (the one before)")
    parser.add_argument(
        "--strategy", default=AUTO, metavar="WAY", help=f"{', '.join(Strategy)}, or auto: the gentlest that is open"
    )
    parser.add_argument("--plan", action="store_true", help="only say which ways there are, and what each costs")


def _rollback(args: Namespace, output: Output) -> int:
    if args.plan:
        return _ways(rollbacks.ways(find_environment(args.environment), args.to), output)
    return follow(rollbacks.start(find_environment(args.environment), by(args), args.to, args.strategy), args, output)


def _ways(found: Sequence[WayBack], output: Output) -> int:
    for way in found:
        output.say(f"{'OPEN  ' if way.open else 'CLOSED'} {way.strategy}: {way.title}. {way.why}")
        for line in (*way.costs, *([f"It takes {way.takes}."] if way.takes else [])):
            output.say(f"       {line}")
    output.data([asdict(way) for way in found])
    return GOOD if any(way.open for way in found) else BAD


def _rotate_key(args: Namespace, output: Output) -> int:
    return follow(rotations.start(find_environment(args.environment), by(args)), args, output)


def _config_arguments(parser: ArgumentParser) -> None:
    environment_argument(parser)
    parser.add_argument("--diff", nargs=2, metavar=("BEFORE", "AFTER"), help="numbers of two snapshots, or “now”")
    parser.add_argument("--save", metavar="SNAPSHOT", help="write the files of a snapshot into the folder of --to")
    parser.add_argument("--to", metavar="FOLDER", default="", help="where --save writes them")


def _config(args: Namespace, output: Output) -> int:
    environment = find_environment(args.environment)
    runtime = runtime_for(environment)
    if args.diff:
        before, after = (config.find(environment, word, runtime) for word in args.diff)
        return _differences(before, after, output)
    if args.save:
        if not args.to:
            raise WrongUse("Say where to: --to FOLDER.")
        written = config.write_files(config.find(environment, args.save, runtime), Path(args.to))
        output.say(f"Written, with every secret in them: {', '.join(str(path) for path in written)}")
        output.data([str(path) for path in written])
        return GOOD
    found = list(ConfigSnapshot.objects.filter(environment=environment).select_related("run")[:50])
    output.table(
        ["SNAPSHOT", "TAKEN (UTC)", "LAST SEEN", "RELEASE", "VARIABLES", "RUN"],
        [
            (each.pk, f"{each.taken_at:%Y-%m-%d %H:%M}", f"{each.seen_at:%Y-%m-%d %H:%M}", each.release_version,
             len(each.variables), each.run_id or "")
            for each in found
        ],
    )  # fmt: skip
    output.data([{"snapshot": each.pk, "taken_at": each.taken_at, "seen_at": each.seen_at, "run": each.run_id,
                  "release": each.release_version, "image_id": each.image_id} for each in found])  # fmt: skip
    return GOOD


def _differences(before: ConfigSnapshot, after: ConfigSnapshot, output: Output) -> int:
    changes = config.diff(before, after)
    output.table(
        ["PART", "NAME", "CHANGE", "BEFORE", "AFTER"],
        [(each.part, each.name, each.change, each.before, each.after) for each in changes],
    )
    output.data([asdict(each) for each in changes])
    return GOOD


VERBS = (
    Verb(
        "releases",
        "list the releases of an environment",
        _releases_arguments,
        _releases,
        reads=lambda args: not args.refresh,
    ),
    Verb("deploy", "deploy a release (runbook §2)", _breaking_arguments, _deploy),
    Verb("rehearse", "let a release upgrade a copy, run on it and go back", _deploy_arguments, _rehearse),
    Verb(
        "rollback",
        "go back to an earlier release: code, schema or data (runbook §4)",
        _rollback_arguments,
        _rollback,
        reads=lambda args: args.plan,
    ),
    Verb("rotate-key", "give SMS a new SECRET_KEY; every session ends (runbook §8)", run_arguments, _rotate_key),
    Verb(
        "config",
        "what SMS was configured with at each deploy, and what changed",
        _config_arguments,
        _config,
        reads=lambda args: not args.save,
    ),
)
