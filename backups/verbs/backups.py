"""`ops backup | backups | verify | restore`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from backups import selectors
from backups.models import Backup
from backups.services import backups, drills, moments, restore_tests, restores
from backups.verbs.moments import moment_of
from smsops.ops.common import by, environment_argument, find_environment, follow, run_arguments
from smsops.ops.output import Output
from smsops.ops.registry import GOOD, Verb
from smsops.runs.plan import submit
from smsops.text import age_text, bytes_text


def _backup(args: Namespace, output: Output) -> int:
    return follow(backups.request(find_environment(args.environment), by(args)), args, output)


def _backups(args: Namespace, output: Output) -> int:
    found = list(Backup.objects.filter(environment=find_environment(args.environment))[:50])
    output.table(
        ["BACKUP", "AGE", "SIZE", "STORED", "PROOF", "RELEASE", "REASON"],
        [
            (
                backup.identifier,
                age_text(backup.age),
                bytes_text(backup.size),
                bytes_text(backup.stored_size),
                "DAMAGED" if backup.damage else backup.get_proof_display(),
                backup.release_version,
                backup.get_reason_display(),
            )
            for backup in found
        ],
    )
    output.data([_as_data(backup) for backup in found])
    return GOOD


def _as_data(backup: Backup) -> dict[str, object]:
    return {
        "identifier": backup.identifier,
        "taken_at": backup.taken_at,
        "proof": backup.proof,
        "damage": backup.damage,
        "size": backup.size,
        "stored_size": backup.stored_size,
        "digest": backup.root,
        "release": backup.release_version,
        "row_counts": backup.row_counts,
    }


def _chosen(parser: ArgumentParser) -> None:
    run_arguments(parser)
    parser.add_argument("--backup", default="latest", help="identifier of the backup (latest)")


def _verify(args: Namespace, output: Output) -> int:
    backup = selectors.find(find_environment(args.environment), args.backup)
    return follow(backups.verify(backup, by(args)), args, output)


def _restore(args: Namespace, output: Output) -> int:
    environment = find_environment(args.environment)
    until = moment_of(environment, args.at, args.before_run)
    plan = moments.plan(environment, until) if until else restores.plan(selectors.find(environment, args.backup))
    for note in plan.notes:
        output.say(note)
    return follow(submit(plan, by(args)), args, output)


def _restore_arguments(parser: ArgumentParser) -> None:
    _chosen(parser)
    parser.add_argument("--at", default="", help="instead: the moment to go back to, like “2026-03-01 14:05:09”")
    parser.add_argument("--before-run", type=int, metavar="RUN", help="instead: to just before that run")


def _test(args: Namespace, output: Output) -> int:
    backup = selectors.find(find_environment(args.environment), args.backup)
    return follow(restore_tests.start(backup, by(args)), args, output)


def _drill_arguments(parser: ArgumentParser) -> None:
    run_arguments(parser)
    parser.add_argument("--scenario", choices=sorted(drills.SCENARIOS), help="which one (whose turn it is)")


def _drill(args: Namespace, output: Output) -> int:
    environment = find_environment(args.environment)
    run = drills.start(environment, args.scenario or drills.next_scenario(environment), by(args))
    code = follow(run, args, output)
    if report := run.facts.get("drill.conclude", {}).get("report"):
        output.say(f"The report: {report}")
    return code


VERBS = (
    Verb("drill", "rehearse a disaster in a sandbox, timed, with a report", _drill_arguments, _drill),
    Verb("backup", "take a backup now", run_arguments, _backup),
    Verb("backups", "list the backups of an environment, newest first", environment_argument, _backups, reads=True),
    Verb("verify", "read a stored backup back and check everything", _chosen, _verify),
    Verb("restore-test", "start SMS on a copy of a backup, in isolation, and check it", _chosen, _test),
    Verb("restore", "put a backup, or a moment, in the place of the database", _restore_arguments, _restore),
)
