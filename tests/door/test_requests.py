"""What the door refuses besides: others' things, other ends of the engine, requests that can be read in two ways."""

from __future__ import annotations

import socket

import pytest

from tests.door.doors import RunningDoor
from tests.door.strangers import OTHER, SMS, Host, ask, say
from tests.machine.engine import BASE, IMAGE
from tests.places import wait_for

pytestmark = pytest.mark.docker
TAR = "Content-Type: application/x-tar"

OTHERS: dict[str, str] = {
    "inspect": f"GET /v1.41/containers/{OTHER}/json",
    "logs": f"GET /v1.41/containers/{OTHER}/logs?stdout=1",
    "start": f"POST /v1.41/containers/{OTHER}/start",
    "stop": f"POST /v1.41/containers/{OTHER}/stop",
    "wait": f"POST /v1.41/containers/{OTHER}/wait",
    "rename": f"POST /v1.41/containers/{OTHER}/rename?name={SMS}",
    "remove": f"DELETE /v1.41/containers/{OTHER}",
    "remove by force": f"DELETE /v1.41/containers/{OTHER}?force=1&v=1",
    "a list of all containers": "GET /v1.41/containers/json?all=1",
    "a list by a label of anybody": "GET /v1.41/containers/json?filters=%7B%22label%22%3A%5B%22a%22%5D%7D",
    "all events": "GET /v1.41/events?until=1",
    "events of images": "GET /v1.41/events?until=1&filters=%7B%22type%22%3A%5B%22image%22%5D%7D",
    "an image": f"GET /v1.41/images/{BASE}/json",
    "an image's history": f"GET /v1.41/images/{BASE}/history",
    "a list of images": "GET /v1.41/images/json?filters=%7B%22reference%22%3A%5B%22*%22%5D%7D",
    "a volume": f"GET /v1.41/volumes/{OTHER}",
    "a network": "GET /v1.41/networks/bridge",
    "all networks": "GET /v1.41/networks",
    "a foreign image under our name": f"POST /v1.41/images/{BASE}/tag?repo={IMAGE}&tag=9",
    "our image under a foreign name": f"POST /v1.41/images/{IMAGE}:1.18.1/tag?repo=nginx&tag=latest",
    "a foreign tag deleted": f"DELETE /v1.41/images/{BASE}",
    "an image deleted by force": f"DELETE /v1.41/images/{IMAGE}:0.0.0?force=1",
}

ENDS: dict[str, str] = {
    "exec": f"POST /v1.41/containers/{SMS}/exec",
    "exec start": "POST /v1.41/exec/1/start",
    "attach": f"POST /v1.41/containers/{SMS}/attach?stream=1",
    "attach by a web socket": f"GET /v1.41/containers/{SMS}/attach/ws",
    "copy out": f"GET /v1.41/containers/{SMS}/archive?path=/",
    "copy in": f"PUT /v1.41/containers/{SMS}/archive?path=/",
    "update": f"POST /v1.41/containers/{SMS}/update",
    "kill": f"POST /v1.41/containers/{SMS}/kill",
    "export": f"GET /v1.41/containers/{SMS}/export",
    "commit": f"POST /v1.41/commit?container={SMS}",
    "prune containers": "POST /v1.41/containers/prune",
    "prune images": "POST /v1.41/images/prune",
    "prune volumes": "POST /v1.41/volumes/prune",
    "prune networks": "POST /v1.41/networks/prune",
    "prune the build cache": "POST /v1.41/build/prune",
    "delete our volume": f"DELETE /v1.41/volumes/{SMS}",
    "pull": "POST /v1.41/images/create?fromImage=nginx&tag=latest",
    "push": f"POST /v1.41/images/{IMAGE}/push",
    "save": f"GET /v1.41/images/{IMAGE}:1.18.1/get",
    "load": "POST /v1.41/images/load",
    "import": "POST /v1.41/images/create?fromSrc=-",
    "sign in": "POST /v1.41/auth",
    "swarm": "POST /v1.41/swarm/init",
    "services": "POST /v1.41/services/create",
    "secrets": "GET /v1.41/secrets",
    "plugins": "POST /v1.41/plugins/pull?remote=x",
    "a session": "POST /v1.41/session",
    "grpc": "POST /v1.41/grpc",
    "connect to a network": "POST /v1.41/networks/smsops-sandbox/connect",
    "what the disk holds": "GET /v1.41/system/df",
    "unknown": "GET /v1.41/anything",
    "another method": "PATCH /v1.41/containers/json",
}

BUILDS: dict[str, str] = {
    "a foreign tag": "t=nginx:latest",
    "no tag": "dockerfile=Dockerfile",
    "no version in the tag": f"t={IMAGE}",
    "two tags": f"t={IMAGE}:0.0.1&t=nginx:latest",
    "a tag and one in another case": f"t={IMAGE}:0.0.1&T=nginx",
    "the host's network": f"t={IMAGE}:0.0.1&networkmode=host",
    "another container's network": f"t={IMAGE}:0.0.1&networkmode=container:{OTHER}",
    "a folder from elsewhere": f"t={IMAGE}:0.0.1&remote=http://127.0.0.1/x.tar",
    "names for addresses": f"t={IMAGE}:0.0.1&extrahosts=a:1.2.3.4",
    "a control group": f"t={IMAGE}:0.0.1&cgroupparent=/",
    "another builder": f"t={IMAGE}:0.0.1&version=2",
    "files of the host": f"t={IMAGE}:0.0.1&outputs=%5B%7B%22Type%22%3A%22local%22%7D%5D",
    "layers of a foreign image": f"t={IMAGE}:0.0.1&cachefrom=%5B%22{BASE.replace('/', '%2F')}%22%5D",
    "a hidden parameter": f"t={IMAGE}:0.0.1;networkmode=host",
}

PATHS: dict[str, str] = {
    "dots": f"GET /v1.41/containers/{SMS}/../{OTHER}/json",
    "encoded dots": f"GET /v1.41/containers/{SMS}/%2e%2e/{OTHER}/json",
    "an encoded slash": f"GET /v1.41/containers%2F{OTHER}/json",
    "an encoded letter": f"GET /v1.41/c%6fntainers/{OTHER}/json",
    "encoded twice": f"GET /v1.41/containers/{OTHER}%252Fjson",
    "a doubled slash": "GET /v1.41//containers/json",
    "no version": "GET /containers/json",
    "two versions": "GET /v1.41/v1.41/info",
    "an old version, whose start takes a HostConfig": f"POST /v1.22/containers/{SMS}/start",
    "a version nobody knows": "GET /v1.99/info",
    "a version that is none": "GET /v2/info",
    "a whole address": "GET http://docker/v1.41/containers/json",
    "a zero": "GET /v1.41/info%00",
    "a parameter twice": f"DELETE /v1.41/containers/{SMS}?v=0&v=1",
    "an unknown parameter": f"POST /v1.41/containers/{SMS}/start?detachKeys=a",
}


@pytest.mark.parametrize("wish", OTHERS)
def test_what_is_not_sms_s_is_neither_shown_nor_touched(guarded: RunningDoor, host: Host, wish: str) -> None:
    said = ask(guarded, OTHERS[wish])
    assert said.status == 403
    assert said.message.startswith("smsops's door does not allow ")
    assert "canary" not in said.text
    assert host.client.containers.get(OTHER).status == "created"


@pytest.mark.parametrize("wish", ENDS)
def test_the_engine_s_other_ends_are_refused(guarded: RunningDoor, host: Host, wish: str) -> None:
    said = ask(guarded, ENDS[wish])
    assert (said.status, said.message[:28]) == (403, "smsops's door does not allow")


@pytest.mark.parametrize("wish", BUILDS)
def test_a_build_of_anything_else_is_refused(guarded: RunningDoor, wish: str) -> None:
    said = ask(guarded, f"POST /v1.41/build?{BUILDS[wish]}", "", TAR)
    assert (said.status, said.message[:28]) == (403, "smsops's door does not allow")


@pytest.mark.parametrize("wish", PATHS)
def test_a_path_that_can_be_read_in_two_ways_is_refused(guarded: RunningDoor, wish: str) -> None:
    said = ask(guarded, PATHS[wish])
    assert (said.status, said.message[:28]) == (403, "smsops's door does not allow")


@pytest.mark.parametrize(
    ("words", "body", "sentence"),
    [
        ("volumes/create", {"Name": OTHER}, "the volume"),
        ("volumes/create", {"Name": SMS, "DriverOpts": {"type": "none", "o": "bind", "device": "/"}}, "DriverOpts"),
        ("volumes/create", {"Name": SMS, "Driver": "other"}, "the volume driver"),
        ("networks/create", {"Name": "somebody"}, "the network 'somebody'"),
        ("networks/create", {"Name": "smsops-sandbox", "Internal": False}, "that leads somewhere"),
        ("networks/create", {"Name": "smsops-sandbox", "Internal": True, "Driver": "macvlan"}, "the network driver"),
        ("networks/create", {"Name": "smsops-sandbox", "Internal": True, "Options": {"parent": "eth0"}}, "Options in"),
        ("networks/create", {"Name": "smsops-sandbox", "internal": True}, "internal in"),
    ],
)
def test_a_volume_or_network_of_another_kind_is_not_made(
    guarded: RunningDoor, host: Host, words: str, body: dict[str, object], sentence: str
) -> None:
    said = ask(guarded, f"POST /v1.41/{words}", body)
    assert said.status == 403
    assert sentence in said.message


TWO = b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
SMUGGLED = b"GET /v1.41/containers/json HTTP/1.1\r\nHost: x\r\n\r\n"
FRAMES: dict[str, bytes] = {
    "two lengths": b"GET /v1.41/info HTTP/1.1\r\nHost: x\r\n" + TWO,
    "two different lengths": b"GET /v1.41/info HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 9\r\n\r\n",
    "another coding": b"POST /v1.41/info HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a length that is none": b"GET /v1.41/info HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\n",
    "a space before the colon": b"GET /v1.41/info HTTP/1.1\r\nHost: x\r\nContent-Length : 4\r\n\r\n",
    "no host": b"GET /v1.41/info HTTP/1.1\r\n\r\n",
    "an upgrade": b"GET /v1.41/info HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
    "a tunnel": b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a body where none belongs": b"GET /v1.41/info HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
    % (len(SMUGGLED), SMUGGLED),
    "a head without end": b"GET /v1.41/info HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 100_000,
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


@pytest.mark.parametrize("frame", FRAMES)
def test_a_request_that_hides_another_is_refused(guarded: RunningDoor, frame: str) -> None:
    said = say(guarded, FRAMES[frame])
    assert 400 <= said.status < 502
    assert "Containers" not in said.text
    assert said.text.count("HTTP/1.1 ") == 1


def test_a_second_request_sent_at_once_is_judged_like_the_first(guarded: RunningDoor) -> None:
    first = b"GET /v1.41/_ping HTTP/1.1\r\nHost: x\r\n\r\n"
    said = say(guarded, first + SMUGGLED)
    assert said.status == 200
    assert "Containers" not in said.text
    wait_for(lambda: "refused GET /v1.41/containers/json" in guarded.said(), "the second to be refused")


def test_a_parameter_that_says_nothing_does_no_harm(guarded: RunningDoor) -> None:
    """The CLI names every parameter it knows, also those nobody asked for."""
    assert ask(guarded, "GET /v1.41/_ping?cpuperiod=0&ulimits=null&cachefrom=%5B%5D&remote=").status == 200


def test_a_refused_visitor_may_ask_again(guarded: RunningDoor) -> None:
    with socket.socket(socket.AF_UNIX) as visitor:
        visitor.connect(str(guarded.socket))
        visitor.sendall(b"POST /v1.41/auth HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd")
        said = visitor.recv(65536)
        while not said.endswith(b"}"):  # the body may come by itself
            said += visitor.recv(65536)
        assert said.startswith(b"HTTP/1.1 403")
        visitor.sendall(b"GET /v1.41/_ping HTTP/1.1\r\nHost: x\r\n\r\n")
        assert visitor.recv(65536).startswith(b"HTTP/1.1 200")


def test_a_body_that_is_too_large_is_refused(guarded: RunningDoor) -> None:
    said = ask(guarded, "POST /v1.41/volumes/create", '"' + "a" * 1_100_000 + '"')
    assert said.status == 403
    assert "more than 1048576 bytes" in said.message


def test_what_an_unknown_container_is_called_is_said_by_the_engine(guarded: RunningDoor) -> None:
    said = ask(guarded, "GET /v1.41/containers/nobody/json")
    assert (said.status, said.message) == (404, "No such container: nobody")


def test_the_log_names_what_was_refused_and_no_secret(guarded: RunningDoor) -> None:
    body = {"Image": IMAGE, "Env": ["SECRET_KEY=canary"], "Privileged": True, "Cmd": ["--password=canary"]}
    assert ask(guarded, "POST /v1.41/containers/create?name=canary", body).status == 403
    assert "refused POST /v1.41/containers/create: smsops's door does not allow Privileged in" in guarded.said()
    assert "canary" not in guarded.said()
