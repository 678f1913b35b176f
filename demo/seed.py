"""Make a database with a plausible school: `python -m demo.seed --database PATH [--size 50M]`."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from demo.seeding import Order, RefusedError, make

UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


def main() -> int:
    """The command line: 0 made, 2 refused with one sentence."""
    parser = argparse.ArgumentParser(description="Make a database with a plausible school.")
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--students", type=_students, default=1200)
    parser.add_argument("--size", type=_size, help="grow the file to this size, for example 50M or 500M")
    parser.add_argument("--random-seed", type=int, default=7)
    parser.add_argument("--admin-email", default="")
    parser.add_argument("--admin-password", default="")
    parser.add_argument("--replace", action="store_true", help="lose an existing database")
    asked = parser.parse_args()
    if bool(asked.admin_email) != bool(asked.admin_password):
        parser.error("--admin-email and --admin-password belong together")
    admin = (asked.admin_email, asked.admin_password) if asked.admin_email else None
    order = Order(asked.database, asked.students, asked.size, asked.random_seed, admin, asked.replace)
    try:
        counts = make(order)
    except RefusedError as refusal:
        print(refusal, file=sys.stderr)
        return 2
    rows = ", ".join(f"{number} {table}" for table, number in counts.items())
    print(f"{order.database}: {order.database.stat().st_size / 1024**2:.1f} MB, {rows}")
    return 0


def _size(text: str) -> int:
    found = re.fullmatch(r"(\d+)([KMG]?)", text.strip().upper())
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 50M")
    return int(found[1]) * UNITS[found[2]]


def _students(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 99_999:
        raise argparse.ArgumentTypeError("the number of students is between 1 and 99999")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
