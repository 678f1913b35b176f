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
    ):
        chosen = os.environ.get(f"SMSOPS_DOOR_{name.upper()}", default)
        parser.add_argument(f"--{name}", default=chosen, help=f"{words} ({chosen})")
    asked = parser.parse_args(argv)
    _log_to_stderr()
    try:
        asyncio.run(_serve(Address.of(asked.listen), Address.of(asked.engine), Path(asked.rules)))
    except (rules.BadRules, ValueError, OSError) as error:
        log.error("%s", error)
        return 2
    return 0


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=os.environ.get("SMSOPS_LOG_LEVEL", "INFO"), handlers=[handler])


async def _serve(listen: Address, engine: Address, file: Path) -> None:
    door = Door(rules.load(file), engine)
    _tell(door, file)
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, _read_again, door, file)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    server = await listen.listen(door.serve)
    log.info("listening")
    await ended.wait()
    server.close()


def _read_again(door: Door, file: Path) -> None:
    """New rules for the next request; where they cannot be used, the old ones hold."""
    try:
        door.rules = rules.load(file)
    except rules.BadRules as error:
        log.error("%s The rules before hold.", error)
    else:
        _tell(door, file)


def _tell(door: Door, file: Path) -> None:
    names = ", ".join(each.name for each in door.rules.environments)
    log.info("rules of %s: %s", file, names or "none, so nothing is allowed")


if __name__ == "__main__":
    sys.exit(main())
