"""What smsops needs goes through the door, both ways at once and of any length; and a door that dies is only away."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import socket
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import docker
import pytest
from docker.errors import APIError, ImageNotFound

from smsops.errors import RuntimeUnavailable
from smsops.runtimes.base import RuntimeSpec, Told
from smsops.runtimes.docker import DockerRuntime
from tests.door.doors import ENGINE, RunningDoor, door
from tests.door.strangers import GOOD, LABELS, SMS, WORKER, Host, ask, rules
from tests.machine.engine import OWN_LABEL
from tests.places import wait_for

pytestmark = pytest.mark.docker
BUILT = f"smsops-tests/door{WORKER}"
DOCKERFILE = f"FROM scratch\nLABEL {OWN_LABEL}=1\nCOPY ballast /ballast\n"


@pytest.fixture
def guarded(folder: Path, host: Host) -> Iterator[RunningDoor]:
    """A door of the test's own; a second repository is allowed for what is built."""
    given = rules(folder)
    given["environments"]["built"] = {"instance": f"{SMS}-built", "image": BUILT}
    with door(folder, given) as found:
        yield found


@pytest.fixture
def visitor(guarded: RunningDoor, host: Host) -> Iterator[docker.DockerClient]:
    """The SDK at the door."""
    found = docker.DockerClient(base_url=guarded.address, version="auto", timeout=60)
    yield found
    found.close()
    for image in host.client.images.list(name=BUILT):
        for tag in image.tags:
            host.client.images.remove(tag)


def context(size: int = 1000, dockerfile: str = DOCKERFILE) -> io.BytesIO:
    """A folder to build from, with so many bytes of ballast."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, data in (("Dockerfile", dockerfile.encode()), ("ballast", os.urandom(size))):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    file.seek(0)
    return file


def build(visitor: docker.DockerClient, tag: str = f"{BUILT}:1", size: int = 1000) -> Any:
    image, _ = visitor.images.build(fileobj=context(size), custom_context=True, tag=tag, rm=True, forcerm=True)
    return image


@contextlib.contextmanager
def driver(address: str, **changes: Any) -> Iterator[DockerRuntime]:
    """The driver, at the door; it answers once, so that what comes after is about a door that was there."""
    bare = RuntimeSpec("door", GOOD.partition(":")[0], SMS, "", "", 38000, 8000, 256, "")
    runtime = DockerRuntime(replace(bare, docker_host=address, **changes))
    runtime.ping()
    yield runtime
    runtime.client.close()


def memory(guarded: RunningDoor) -> int:
    """The most memory the door ever had, in MB."""
    status = Path(f"/proc/{guarded.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def sockets(guarded: RunningDoor) -> int:
    """How many files and connections the door has open."""
    return len(list(Path(f"/proc/{guarded.process.pid}/fd").iterdir()))


def talker(host: Host, script: str) -> Any:
    """A container of ours that says something."""
    return host.client.containers.create(
        GOOD, ["sh", "-c", script], entrypoint=[], name=f"{SMS}-talker", labels=LABELS, network_disabled=True
    )


def test_an_image_is_built_tagged_and_deleted(visitor: docker.DockerClient, host: Host) -> None:
    image = build(visitor)
    assert image.tags == [f"{BUILT}:1"]
    assert image.tag(BUILT, "2")
    assert {tag for found in visitor.images.list(name=BUILT) for tag in found.tags} == {f"{BUILT}:1", f"{BUILT}:2"}
    visitor.images.remove(f"{BUILT}:1")
    visitor.images.remove(f"{BUILT}:2")
    with pytest.raises(ImageNotFound):
        host.client.images.get(image.id)


def test_a_large_context_streams_through(guarded: RunningDoor, visitor: docker.DockerClient) -> None:
    before = memory(guarded)
    build(visitor, size=60_000_000)
    assert memory(guarded) - before < 20


def test_a_build_that_fails_says_what_the_engine_said(visitor: docker.DockerClient) -> None:
    bad = context(dockerfile="FROM scratch\nCOPY missing /\n")
    with pytest.raises(docker.errors.BuildError, match="missing"):
        visitor.images.build(fileobj=bad, custom_context=True, tag=f"{BUILT}:1", rm=True)


def test_a_large_context_that_is_refused_is_told_why(visitor: docker.DockerClient) -> None:
    with pytest.raises(APIError, match="does not allow the tag 'nginx:1'"):
        build(visitor, "nginx:1", size=20_000_000)


def test_images_are_loaded_only_where_the_rules_say_so(
    guarded: RunningDoor, visitor: docker.DockerClient, host: Host
) -> None:
    archive = b"".join(build(visitor) and host.client.images.get(f"{BUILT}:1").save(named=True))
    with pytest.raises(APIError, match="the loading of images, unless its rules say “load: true”"):
        visitor.images.load(archive)
    host.client.images.remove(f"{BUILT}:1")
    guarded.take({"environments": {"built": {"instance": "x", "image": BUILT}}, "load": True})
    (loaded,) = visitor.images.load(archive)
    assert loaded.tags == [f"{BUILT}:1"]


def test_a_log_is_followed_line_by_line(visitor: docker.DockerClient, host: Host) -> None:
    made = talker(host, "echo first; until test -e /tmp/go; do sleep 0.1; done; echo second")
    try:
        made.start()
        lines = visitor.containers.get(made.id).logs(stream=True, follow=True)
        assert next(lines) == b"first\n"
        made.exec_run(["touch", "/tmp/go"])
        assert list(lines) == [b"second\n"]
    finally:
        made.remove(force=True)


def test_events_are_told_as_they_happen(guarded: RunningDoor, host: Host) -> None:
    made, heard = talker(host, "true"), b""
    try:
        with socket.socket(socket.AF_UNIX) as visitor:
            visitor.settimeout(20)
            visitor.connect(str(guarded.socket))
            only = quote(json.dumps({"container": [made.id]}))
            visitor.sendall(f"GET /v1.41/events?since=1&filters={only} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            while b'"create"' not in heard:
                heard += visitor.recv(65536)
            made.start()  # while the stream is open
            while b'"die"' not in heard:
                heard += visitor.recv(65536)
        assert b'"start"' in heard
    finally:
        made.remove(force=True)


def test_a_sandbox_gets_a_folder_of_the_work_and_a_network_that_leads_nowhere(guarded: RunningDoor, host: Host) -> None:
    data, shown = host.folder / "work" / "data", host.folder / "work" / "shown"
    shown.mkdir()
    told = Told(folders={str(shown): "/shown"})
    with driver(guarded.address, sandbox=True, data_path=str(data), told=told) as runtime:
        image = runtime.image("1.18.1")
        assert image is not None
        labels = {"smsops.environment": "sandbox of door", "smsops.run": "1"}
        runtime.create(f"{SMS}-sandbox-r1", image.id, labels)
        config = host.client.containers.get(f"{SMS}-sandbox-r1").attrs["HostConfig"]
        runtime.remove(f"{SMS}-sandbox-r1")
    assert config["NetworkMode"] == "smsops-sandbox"
    assert config["Binds"] == [f"{data}:/data:rw", f"{shown}:/shown:ro"]


def test_who_hangs_up_leaves_nothing_behind(guarded: RunningDoor, host: Host) -> None:
    made = talker(host, "echo first; exec sleep 60")
    try:
        made.start()
        before = sockets(guarded)
        with socket.socket(socket.AF_UNIX) as visitor:
            visitor.connect(str(guarded.socket))
            visitor.sendall(
                f"GET /v1.41/containers/{made.id}/logs?follow=1&stdout=1 HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            )
            assert visitor.recv(100).startswith(b"HTTP/1.1 200")
            assert sockets(guarded) == before + 2
        wait_for(lambda: sockets(guarded) == before, "the door to hang up at the engine")
        assert sockets(guarded) == before
    finally:
        made.remove(force=True)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the SDK's, where a socket cannot be connected
def test_a_door_that_was_killed_and_started_again_serves_the_next_call(guarded: RunningDoor) -> None:
    with driver(guarded.address) as runtime:
        guarded.kill()
        with pytest.raises(RuntimeUnavailable) as caught:
            runtime.ping()
        assert caught.value.transient
        del caught
        gc.collect()
        guarded.begin()
        assert runtime.image("1.18.1") is not None


def test_an_engine_that_is_away_is_said_to_be(folder: Path, guarded: RunningDoor) -> None:
    behind = folder / "behind"
    behind.mkdir()
    (behind / "engine").symlink_to(ENGINE.partition("://")[2])
    with door(behind, rules(folder), f"unix:{behind}/engine") as found, driver(found.address) as runtime:
        (behind / "engine").unlink()
        with pytest.raises(RuntimeUnavailable, match="The Docker Engine does not answer smsops's door") as caught:
            runtime.image("1.18.1")
    assert caught.value.transient


def test_rules_that_cannot_be_used_change_nothing(guarded: RunningDoor) -> None:
    guarded.rules.write_text("environments: {a: {instance: x}}")
    guarded.process.send_signal(1)
    wait_for(lambda: "cannot be used" in guarded.said(), "the complaint")
    assert "The rules before hold." in guarded.said()
    assert ask(guarded, f"GET /v1.41/images/{GOOD}/json").status == 200


def test_without_rules_next_to_nothing_is_allowed(guarded: RunningDoor) -> None:
    guarded.take({})
    assert ask(guarded, f"GET /v1.41/images/{GOOD}/json").status == 403
    assert ask(guarded, "GET /v1.41/_ping").status == 200


def test_only_the_door_s_owner_and_group_can_enter(guarded: RunningDoor) -> None:
    assert guarded.socket.stat().st_mode & 0o777 == 0o660
