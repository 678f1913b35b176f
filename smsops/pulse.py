"""Signs of life, for whoever starts the processes (docker-compose.yml): `python -I -S smsops/pulse.py SERVICE`.

Asked every few seconds, so it is a file to be run by itself and loads neither smsops nor Django. Web, the door for
alerts and the engine's door are asked a question; the others touch a file whenever they come round, and it must be
young. What is asked is in QUESTIONS and OLDEST, and nowhere else.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import sys
import time
from pathlib import Path

FILE = "SMSOPS_PULSE_FILE"
# Where each is asked, and which answer says that the application itself gave it.
QUESTIONS = {"web": (8000, "/readyz", 200), "alerts": (8001, "/alerts/generic", 405)}
OLDEST = {"worker": 60.0, "urgent": 60.0, "follow": 60.0, "beat": 60.0}  # seconds
DOOR = "/run/smsops/engine.sock"
PATIENCE = 4.0


def touch() -> None:
    """Say that this process came round; nobody is told where no file is named, or it cannot be written."""
    if name := os.environ.get(FILE):
        with contextlib.suppress(OSError):
            Path(name).touch()


def trouble(service: str) -> str:
    """What is wrong with the service whose container this is, in a sentence; empty where it lives."""
    if service in QUESTIONS:
        return _unanswered(*QUESTIONS[service])
    if service == "door":
        return _shut(DOOR)
    if service in OLDEST:
        return _silent(Path(os.environ.get(FILE, "")), OLDEST[service])
    return f"There is no service “{service}”."


def _unanswered(port: int, path: str, wanted: int) -> str:
    """Asked as the proxy asks: by a name it answers to, and as if by HTTPS."""
    known = os.environ.get("SMSOPS_ALLOWED_HOSTS", "localhost").split(",")[0].strip()
    host = "localhost" if known in ("", "*") else known.lstrip(".")
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", path, headers={"Host": host, "X-Forwarded-Proto": "https"})
        found = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"It does not answer: {type(error).__name__}."
    return "" if found == wanted else f"It answers {found}."


def _shut(path: str) -> str:
    try:
        with socket.socket(socket.AF_UNIX) as visitor:
            visitor.settimeout(PATIENCE)
            visitor.connect(path)
            visitor.sendall(b"GET /_ping HTTP/1.1\r\nHost: door\r\nConnection: close\r\n\r\n")
            answer = visitor.recv(4096)
    except OSError as error:
        return f"The door does not open: {type(error).__name__}."
    return "" if b" 200 " in answer.split(b"\r\n")[0] else "The engine does not answer the door."


def _silent(file: Path, oldest: float) -> str:
    try:
        age = time.time() - file.stat().st_mtime
    except OSError:
        return "It has not come round yet."
    return "" if age < oldest else f"It has not come round for {age:.0f} s."


if __name__ == "__main__":
    sys.exit(trouble(sys.argv[1] if len(sys.argv) > 1 else "") or 0)
