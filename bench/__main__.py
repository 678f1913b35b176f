"""`python -m bench [AREA]`: every bar as a row; exit code 1 when one is missed, 2 for an unknown area."""

from __future__ import annotations

import itertools
import os
import sys
import tempfile

AREAS = ("backups", "deployments", "incidents", "room")


def main(words: list[str]) -> int:
    wanted = words or list(AREAS)
    unknown = [word for word in wanted if word not in AREAS]
    if unknown:
        print(f"There is no area “{unknown[0]}”; known are {', '.join(AREAS)}.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="smsops-bench-data-") as folder:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "smsops.settings", "SMSOPS_DATA_DIR": folder, "SMSOPS_HTTPS": "0"}
        os.environ["SMSOPS_LOG_LEVEL"] = "WARNING"
        return _measure(wanted)


def _measure(areas: list[str]) -> int:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from bench import alerts, backups, deployments, detection, pagekills, paging, restores, switches, timeline
    from bench.scale import room

    sources = {
        "backups": (backups.rows, restores.rows),
        "deployments": (deployments.rows, switches.rows),
        "incidents": (detection.rows, alerts.rows, paging.rows, pagekills.rows, timeline.rows),
        "room": (room.rows,),
    }
    missed = 0
    for area in areas:
        print(f"\n{area}\n{'figure':<84} {'measured':>14} {'bar':>12}")
        for row in itertools.chain.from_iterable(rows() for rows in sources[area]):
            print(row.line(), flush=True)
            missed += row.missed
    print(f"\n{missed} bar{'s' if missed != 1 else ''} missed." if missed else "\nEvery bar was kept.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
