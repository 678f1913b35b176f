"""The folder transport: whole messages only, and each for one worker."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection, Exchange, Producer

import smsops.celery  # noqa: F401  (makes the scheme `folder` known)
from tests.smsops.crowd import forked, together

QUEUE = "smsops"


def _connect(folder: Path) -> Connection:
    places = dict.fromkeys(("data_folder_in", "data_folder_out"), str(folder))
    return Connection("folder://localhost/", transport_options={**places, "control_folder": str(folder / "control")})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "broker"
    found.mkdir()
    return found


@pytest.fixture
def channel(folder: Path) -> Iterator[Any]:
    with _connect(folder) as connection:
        yield connection.channel()


def _all(get: Callable[[], Any]) -> Iterator[Any]:
    while True:
        try:
            yield get()
        except Empty:
            return


def _taker(folder: Path, queue: str = QUEUE) -> list[Any]:
    with _connect(folder) as connection:
        channel: Any = connection.channel()
        return list(_all(lambda: channel._get(queue)))


def test_messages_are_taken_in_the_order_they_were_sent(channel: Any) -> None:
    for number in range(50):
        channel._put(QUEUE, {"number": number})
    assert [message["number"] for message in _all(lambda: channel._get(QUEUE))] == list(range(50))


def test_a_message_goes_through_the_usual_doors_of_kombu(folder: Path) -> None:
    with _connect(folder) as sender, _connect(folder) as receiver:
        sender.SimpleQueue(QUEUE).put({"run": 7})
        message = receiver.SimpleQueue(QUEUE).get(timeout=5)
        message.ack()
        assert message.payload == {"run": 7}
    assert not list(folder.glob("*.msg"))


def test_an_empty_queue_says_so(channel: Any) -> None:
    with pytest.raises(Empty):
        channel._get(QUEUE)


def test_queues_do_not_see_each_others_messages(channel: Any) -> None:
    channel._put("athens", {"run": 1})
    with pytest.raises(Empty):
        channel._get("thens")
    assert channel._get("athens") == {"run": 1}


def test_twenty_takers_never_get_a_message_twice_and_miss_none(folder: Path, channel: Any) -> None:
    for number in range(300):
        channel._put(QUEUE, number)
    taken = [number for numbers in together(20, lambda: _taker(folder)) for number in numbers]
    assert sorted(taken) == list(range(300))


def test_takers_in_processes_never_get_a_message_twice_either(folder: Path, channel: Any, tmp_path: Path) -> None:
    for number in range(300):
        channel._put(QUEUE, number)
    told = tmp_path / "told"

    def tell() -> None:
        with told.open("a") as file:
            file.write("".join(f"{number}\n" for number in _taker(folder)))

    assert forked(8, tell) == [0] * 8
    assert sorted(map(int, told.read_text().split())) == list(range(300))


def test_a_message_is_never_seen_before_it_is_whole(folder: Path, channel: Any) -> None:
    big, over, halves = "x" * 200_000, threading.Event(), list[str]()

    def watch() -> None:
        while not over.is_set():
            for path in folder.glob("[0-9]*.msg"):
                if len(path.read_text()) < len(big):
                    halves.append(path.name)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(50):
        channel._put(QUEUE, big)
    over.set()
    watcher.join()
    assert not halves


@pytest.mark.parametrize("data", [b"", b"{half a mess", b"\x00", b"\xff\xfe"])
def test_an_unreadable_message_is_passed_over(folder: Path, channel: Any, data: bytes) -> None:
    (folder / f"00000000000000000001_broken.{QUEUE}.msg").write_bytes(data)
    channel._put(QUEUE, {"run": 7})
    assert channel._get(QUEUE) == {"run": 7}
    assert not list(folder.iterdir())


def test_a_message_that_is_being_written_is_not_taken(folder: Path, channel: Any) -> None:
    (folder / f".00000000000000000001_private.{QUEUE}.msg").write_text(json.dumps({"run": 1}))
    with pytest.raises(Empty):
        channel._get(QUEUE)


def test_news_nobody_listens_to_leaves_no_message(tmp_path: Path) -> None:
    """broker.py, _lookup(): it answers for every exchange, so the heartbeats Celery's workers publish to the topic
    exchange `celeryev` every two seconds become files of a queue `worker.heartbeat` that nobody ever reads."""
    places = dict.fromkeys(("data_folder_in", "data_folder_out", "control_folder"), str(tmp_path))
    with Connection("folder://localhost/", transport_options=places) as broker:
        producer = Producer(broker.channel(), Exchange("celeryev", type="topic"), "worker.heartbeat")
        producer.publish({"type": "worker-heartbeat"})
    assert not list(tmp_path.glob("*.msg"))
