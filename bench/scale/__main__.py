"""`python -m bench.scale --environments 1000`: fills the database SMSOPS_DATABASE_URL names, and lists its tables."""

from __future__ import annotations

import argparse
import sys
import time


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--environments", type=int, default=1000)
    parser.add_argument("--days", type=int, default=365, help="how long the installation has been there")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--journal-days", type=float, default=1.0, help="of routine runs; 7 is what the product keeps")
    args = parser.parse_args(words)

    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from bench.scale import filling
    from bench.scale.world import World

    began = time.perf_counter()
    world = World(args.environments, args.days, args.seed, args.journal_days)
    filling.fill(world)
    print(f"{args.environments} environments, {args.days} days: made in {time.perf_counter() - began:.0f} s")
    for table, rows, size in filling.tables():
        print(f"{table:<40} {rows:>12,} {size / 1e6:>10.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
