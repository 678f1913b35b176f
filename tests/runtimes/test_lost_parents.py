"""A build whose parent image is removed at the same moment begins anew; other complaints of the engine are believed."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from smsops.errors import OpsError
from smsops.runtimes.base import RuntimeSpec
from smsops.runtimes.docker import DockerRuntime
from smsops.runtimes.docker_images import DOCKERFILES

LOST = {"errorDetail": {"message": "unknown parent image ID sha256:0f"}, "error": "unknown parent image ID sha256:0f"}
BROKEN = {"error": "The command '/bin/sh -c exit 3' returned a non-zero code: 3"}
BUILT = {"stream": "Successfully built 0f\n"}
AGAIN = "An image it stood on was removed meanwhile: the build begins anew."


@contextlib.contextmanager
def engine(*answers: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """An engine that answers each build with the next of these, and the builds it was asked for."""
    asked, left = list[str](), list(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer({"ApiVersion": "1.43", "MinAPIVersion": "1.24", "Version": "24"})

        def do_POST(self) -> None:
            self._read()
            asked.append(self.path.partition("?")[0].rpartition("/")[2])
            self._answer(left.pop(0))

        def _read(self) -> None:
            if self.headers.get("Transfer-Encoding") != "chunked":
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                return
            while size := int(self.rfile.readline(), 16):
                self.rfile.read(size + 2)
            self.rfile.readline()

        def _answer(self, body: dict[str, Any]) -> None:
            data = f"{json.dumps(body)}\n".encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"tcp://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def build(folder: Path, host: str) -> list[str]:
    """What is said of a build of this folder, without the silences."""
    dockerfile = folder / DOCKERFILES[0]
    dockerfile.parent.mkdir(parents=True)
    dockerfile.write_text("FROM scratch\n")
    spec = RuntimeSpec("school", "sms-fullstack", "v", "", "", 8080, 8000, 512, "sms.db", docker_host=host)
    return [line for line in DockerRuntime(spec).build(folder, "smsops-run-7", {}) if line]


def test_one_that_lost_its_parent_begins_anew_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with engine(LOST, BUILT) as (host, asked):
        assert build(tmp_path, host) == [AGAIN, "Successfully built 0f"]
    assert asked == ["build", "build"]
    assert "the build of sms-fullstack:smsops-run-7 began anew" in caplog.text


def test_one_that_loses_it_again_and_again_is_given_up(tmp_path: Path) -> None:
    with engine(LOST, LOST, LOST, BUILT) as (host, asked), pytest.raises(OpsError, match="unknown parent image ID"):
        build(tmp_path, host)
    assert len(asked) == 3


def test_what_is_wrong_with_the_build_itself_is_not_tried_again(tmp_path: Path) -> None:
    with engine(BROKEN, BUILT) as (host, asked), pytest.raises(OpsError, match="non-zero code: 3"):
        build(tmp_path, host)
    assert len(asked) == 1
