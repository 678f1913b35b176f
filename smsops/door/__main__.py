"""`python -m smsops.door`: the door as a process. SIGHUP has it read its rules again; SIGTERM ends it."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from smsops.door import rules
from smsops.door.addresses import Address
from smsops.door.server import Door
from smsops.redact import RedactingFormatter

log = logging.getLogger("smsops.door")


def main(argv: Sequence[str] | None = None) -> int:
    """0 when it was told to end; 2 when it cannot begin."""
    parser = argparse.ArgumentParser(
        prog="smsops.door", description="Lets through to the Docker Engine what smsops needs."
    )
    for name, default, words in (
        ("listen", "unix:/run/smsops/engine.sock", "where it is reached: unix:/PATH, or tcp:127.0.0.1:PORT"),
        ("engine", "unix:/var/run/docker.sock", "where the engine is"),
        ("rules", "/etc/smsops/door.yaml", "the file “manage.py ops door-rules” prints"),
        ("window", "", "where one may only look, as for --listen; nowhere when empty"),
    ):
        chosen = os.environ.get(f"SMSOPS_DOOR_{name.upper()}", default)
        parser.add_argument(f"--{name}", default=chosen, help=f"{words} ({chosen or 'nowhere'})")
    asked = parser.parse_args(argv)
    _log_to_stderr()
    try:
        places = [Address.of(each) for each in (asked.listen, asked.window) if each]
        asyncio.run(_serve(places, Address.of(asked.engine), Path(asked.rules)))
    except (rules.BadRules, ValueError, OSError) as error:
        log.error("%s", error)
        return 2
    return 0


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=os.environ.get("SMSOPS_LOG_LEVEL", "INFO"), handlers=[handler])


async def _serve(places: Sequence[Address], engine: Address, file: Path) -> None:
    """The door at the first of the places, its window at the second."""
    known = rules.load(file)
    doors = [Door(known, engine, window=bool(number)) for number in range(len(places))]
    _tell(known, file)
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, _read_again, doors, file)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    servers = [await place.listen(door.serve) for place, door in zip(places, doors, strict=True)]
    log.info("listening")
    await ended.wait()
    for server in servers:
        server.close()


def _read_again(doors: Sequence[Door], file: Path) -> None:
    """New rules for the next request; where they cannot be used, the old ones hold."""
    try:
        known = rules.load(file)
    except rules.BadRules as error:
        log.error("%s The rules before hold.", error)
        return
    for door in doors:
        door.rules = known
    _tell(known, file)


def _tell(known: rules.Rules, file: Path) -> None:
    names = ", ".join(each.name for each in known.environments)
    log.info("rules of %s: %s", file, names or "none, so nothing is allowed")


if __name__ == "__main__":
    sys.exit(main())
