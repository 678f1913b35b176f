"""Listens to an engine that works for minutes and tells of it, without being bound to its silences."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import docker
import requests

from smsops.errors import OpsError
from smsops.runtimes.docker_errors import translating

POLL = 0.5  # seconds of silence until whoever waits may look after other things
SILENCE = 1800.0  # seconds an engine may say nothing (a step of a build) until it counts as gone
GONE = 10.0  # seconds the connection may take to close
Item = dict[str, Any]


@dataclass
class Talk:
    """One long answer of the engine, heard by a thread. `ended` is set when nobody wants it any more."""

    ended: threading.Event = field(default_factory=threading.Event)
    heard: queue.Queue[Item | Exception | None] = field(default_factory=queue.Queue)
    answers: list[requests.Response] = field(default_factory=list)

    def took(self, answer: requests.Response, **_: Any) -> None:
        """Keep the answer, so that it can be hung up on."""
        self.answers.append(answer)
        if self.ended.is_set():
            raise ConnectionAbortedError("nobody listens any more")

    def hear(self, client: docker.APIClient, ask: Callable[[docker.APIClient, Talk], Iterator[Item]]) -> None:
        """The thread: everything that is said, or the error, then None."""
        try:
            for item in ask(client, self):
                self.heard.put(item)
        except Exception as error:
            self.heard.put(error)
        finally:
            for answer in self.answers:
                answer.close()
            client.close()
            self.heard.put(None)

    def hang_up(self) -> None:
        """Wake the thread out of its reading; the engine ends its work when the connection closes."""
        self.ended.set()
        for answer in self.answers:
            with contextlib.suppress(ValueError, RuntimeError, OSError, AttributeError):
                answer.raw.shutdown()


Ask = Callable[[docker.APIClient, Talk], Iterator[Item]]


def listen(host: str, ask: Ask) -> Generator[Item | None]:
    """What the engine says, one item at a time; None whenever it was silent for a moment. Closing it ends the work."""
    with translating():
        client = docker.APIClient(base_url=host, version="auto", timeout=int(SILENCE))
    talk = Talk()
    client.hooks["response"].append(talk.took)
    thread = threading.Thread(target=talk.hear, args=(client, ask), daemon=True, name="docker stream")
    thread.start()
    try:
        while True:
            try:
                item = talk.heard.get(timeout=POLL)
            except queue.Empty:
                yield None
                continue
            if item is None:
                return
            if isinstance(item, Exception):
                with translating():
                    raise item
            yield item
    finally:
        talk.hang_up()
        thread.join(GONE)


def lines(items: Generator[Item | None]) -> Generator[str]:
    """The text of what is said, line by line, empty in a silence. Raises OpsError with the engine's own complaint."""
    rest = ""
    with contextlib.closing(items):
        for item in items:
            said = item or {}
            if complaint := said.get("error") or said.get("message"):
                raise OpsError(str(complaint).strip())
            *whole, rest = (rest + _text(said)).split("\n")
            yield from [line.rpartition("\r")[2] for line in whole] or [""]
    if rest:
        yield rest


def _text(item: Item) -> str:
    """What one item adds; the moving bars of a download add nothing."""
    if "stream" in item:
        return str(item["stream"])
    if "status" not in item or item.get("progressDetail"):
        return ""
    return f"{item.get('id', '')} {item['status']}".strip() + "\n"
