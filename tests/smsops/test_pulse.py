"""Signs of life: a cheap question to each service, and a sentence where there is none."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from smsops import pulse

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(pulse.FILE, str(tmp_path / "pulse"))
    return tmp_path / "pulse"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str | None]]]:
    """A site that answers to one name, at web's place; what it was asked."""
    asked: list[tuple[str, str | None]] = []

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["X-Forwarded-Proto"]))
            self.send_response(200 if self.headers["Host"] == "ops.school.example" else 400)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setitem(pulse.QUESTIONS, "web", (server.server_port, "/login/", 200))
    yield asked
    server.shutdown()
    server.server_close()


def test_who_came_round_lately_lives(file: Path) -> None:
    pulse.touch()
    assert pulse.trouble("worker") == ""


def test_who_did_not_come_round_for_long_does_not(file: Path) -> None:
    pulse.touch()
    os.utime(file, (time.time() - 61, time.time() - 61))
    assert re.fullmatch(r"It has not come round for 6\d s\.", pulse.trouble("beat"))


def test_who_never_came_round_does_not_live_yet(file: Path) -> None:
    assert pulse.trouble("follow") == "It has not come round yet."


def test_without_a_file_nobody_is_told_and_nothing_fails(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(pulse.FILE)
    pulse.touch()
    assert not file.exists()


def test_web_is_asked_by_a_name_it_answers_to(
    site: list[tuple[str, str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMSOPS_ALLOWED_HOSTS", ".ops.school.example,localhost")
    assert pulse.trouble("web") == ""
    assert site == [("/login/", "https")]


def test_another_answer_than_the_application_s_is_trouble(
    site: list[tuple[str, str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMSOPS_ALLOWED_HOSTS", "elsewhere.example")
    assert pulse.trouble("web") == "It answers 400."


def test_it_is_a_program_of_its_own_that_loads_nothing_of_smsops(file: Path) -> None:
    pulse.touch()
    words = [sys.executable, "-I", "-S", "-X", "importtime", "smsops/pulse.py", "worker"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "celery" not in done.stderr and "django" not in done.stderr


def test_its_exit_code_tells_and_its_sentence_says_why(file: Path) -> None:
    words = [sys.executable, "-I", "-S", "smsops/pulse.py", "worker"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "It has not come round yet.\n")
