"""A mail server as a process of its own: writes down the Message-ID of whatever it takes, one a line.

`python -m tests.paging.counting FILE` prints its port. It answers after a moment, so that there is a time in which a
message has been taken and its sender does not know it yet.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class Counting:
    """Takes everything."""

    def __init__(self, file: Path) -> None:
        self.file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.random = random.Random(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content or b"")  # type: ignore[arg-type]
        os.write(self.file, f"{mail['Message-ID']}\n".encode())
        await asyncio.sleep(self.random.choice([0, 0.002, 0.01]))
        return "250 OK"


async def serve(file: Path) -> None:
    loop = asyncio.get_running_loop()
    counting = Counting(file)
    server = await loop.create_server(lambda: SMTP(counting, hostname="localhost"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
