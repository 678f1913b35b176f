"""`ops compare | put-back`: looking into a backup, and putting single rows back."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from backups import selectors
from backups.services import recoveries
from smsops.errors import WrongUse
from smsops.models import Run, RunState
from smsops.ops.common import as_data, by, find_environment, follow, run_arguments, watch
from smsops.ops.output import Output, Progress
from smsops.ops.registry import BAD, Verb
from smsops.runs import wait
from smsops.text import count_text

COLUMNS = ("table", "before", "after", "added", "changed", "removed", "hidden")


def _compare_arguments(parser: ArgumentParser) -> None:
    run_arguments(parser)
    parser.add_argument("--backup", default="latest", help="identifier of the backup (latest)")


def _compare(args: Namespace, output: Output) -> int:
    backup = selectors.find(find_environment(args.environment), args.backup)
    run = recoveries.compare(backup, by(args))
    wait.until_finished(run, Progress(output))
    found: list[dict[str, Any]] = run.facts.get("rows.compare", {}).get("tables", [])
    output.table([name.upper() for name in COLUMNS], [[row[name] for name in COLUMNS] for row in found])
    output.say(run.headline)
    output.data({**as_data(run), "tables": found})
    return 0 if found else BAD


def _put_back_arguments(parser: ArgumentParser) -> None:
    _compare_arguments(parser)
    parser.add_argument("--table", required=True, help="the table the rows belong to")
    for word in recoveries.CHOICES:
        parser.add_argument(f"--{word}", action="store_true", help=f"all rows that were {word} since")
    parser.add_argument("--key", action="append", default=[], help="one row, by its key; may be repeated")
    parser.add_argument("--with-children", action="store_true", help="also the rows of other tables that hang on them")
    parser.add_argument("--dry-run", action="store_true", help="only say what would go back")


def _put_back(args: Namespace, output: Output) -> int:
    picks: list[Any] = [word for word in recoveries.CHOICES if getattr(args, word)]
    picks += [[_key(text)] for text in args.key]
    if not picks:
        raise WrongUse("Say which rows: --removed, --hidden, --changed or --key KEY.")
    backup = selectors.find(find_environment(args.environment), args.backup)
    chosen = {args.table: picks}
    run = recoveries.put_back(backup, chosen, by(args), with_children=args.with_children, dry_run=args.dry_run)
    if run.state == RunState.PLANNED:  # a second person has to decide first
        return follow(run, args, output)
    return _follow(run, output)


def _follow(run: Run, output: Output) -> int:
    code = watch(run, output)
    plan = run.facts.get("rows.plan", {})
    for table, count in plan.get("offered", {}).items():
        hang = count_text(count, f"row of {table} hangs", f"rows of {table} hang")
        output.say(f"  {hang} on them; --with-children brings them along.")
    for text in plan.get("conflicts", []):
        output.say(f"  note: {text}")
    return code


def _key(text: str) -> int | str:
    return int(text) if text.lstrip("-").isdigit() else text


VERBS = (
    Verb("compare", "what was added, changed and removed since a backup, per table", _compare_arguments, _compare),
    Verb("put-back", "put single rows of a backup back while SMS runs", _put_back_arguments, _put_back),
)
