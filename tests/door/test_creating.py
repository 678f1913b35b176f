"""Through the door only containers of SMS can be made; what would lead out of one is refused, and none is made."""

from __future__ import annotations

from typing import Any

import pytest

from tests.door.doors import RunningDoor
from tests.door.strangers import GOOD, LABELS, OTHER, SMS, Host, ask, body
from tests.machine.engine import BASE

pytestmark = pytest.mark.docker
CREATE = f"POST /v1.41/containers/create?name={SMS}"
MOUNT = {"Type": "bind", "Source": "/", "Target": "/data"}

HOST: dict[str, tuple[dict[str, Any], str]] = {
    "privileged": ({"Privileged": True}, "Privileged in HostConfig"),
    "privileged in another case": ({"privileged": True}, "privileged in HostConfig"),
    "privileged with another letter": ({"Priv\u0131leged": True}, "in HostConfig"),
    "a capability": ({"CapAdd": ["SYS_ADMIN"]}, "CapAdd"),
    "a device": ({"Devices": [{"PathOnHost": "/dev/sda"}]}, "Devices"),
    "a device rule": ({"DeviceCgroupRules": ["a *:* rwm"]}, "DeviceCgroupRules"),
    "a graphics card": ({"DeviceRequests": [{"Count": -1}]}, "DeviceRequests"),
    "the host's network": ({"NetworkMode": "host"}, "the network 'host'"),
    "another container's network": ({"NetworkMode": f"container:{OTHER}"}, "the network 'container:"),
    "another network": ({"NetworkMode": "somebody"}, "the network 'somebody'"),
    "the host's processes": ({"PidMode": "host"}, "PidMode"),
    "another's processes": ({"PidMode": f"container:{OTHER}"}, "PidMode"),
    "the host's memory": ({"IpcMode": "host"}, "IpcMode"),
    "the host's users": ({"UsernsMode": "host"}, "UsernsMode"),
    "the host's name": ({"UTSMode": "host"}, "UTSMode"),
    "the host's control groups": ({"CgroupnsMode": "host"}, "CgroupnsMode"),
    "a control group": ({"CgroupParent": "/"}, "CgroupParent"),
    "the root of the host": ({"Binds": ["/:/data"]}, "the folder '/' of the host"),
    "the engine's socket": ({"Binds": ["/var/run/docker.sock:/data"]}, "the folder '/var/run/docker.sock'"),
    "a folder above by dots": ({"Binds": ["{work}/../..:/data"]}, "the folder"),
    "a doubled slash": ({"Binds": ["//etc:/data"]}, "the folder '//etc'"),
    "the work folder itself": ({"Binds": ["{work}:/data"]}, "the folder"),
    "a link in the work folder": ({"Binds": ["{work}/link:/data"]}, "reached by a link"),
    "below a link in the work folder": ({"Binds": ["{work}/link/ssl:/data"]}, "reached by a link"),
    "a folder that is not there": ({"Binds": ["{work}/none:/data"]}, "not there"),
    "a work folder for writing elsewhere": ({"Binds": ["{work}/data:/app"]}, "other than read-only"),
    "a mount that reaches back": ({"Binds": [f"{SMS}:/data:rshared"]}, "the mount"),
    "somebody's volume": ({"Binds": [f"{OTHER}:/data"]}, "the volume"),
    "the volume elsewhere": ({"Binds": [f"{SMS}:/app"]}, "the volume"),
    "a relative folder": ({"Binds": ["../etc:/data"]}, "the volume"),
    "the root as a mount": ({"Mounts": [MOUNT]}, "the folder '/' of the host"),
    "the root as a volume": ({"Mounts": [MOUNT | {"Type": "volume"}]}, "a mount of the type"),
    "a volume by its driver": (
        {"Mounts": [{"Type": "volume", "Source": SMS, "Target": "/data", "VolumeOptions": {"DriverConfig": {"a": 1}}}]},
        "VolumeOptions in a mount",
    ),
    "a mount with a key in another case": ({"Mounts": [{"type": "bind", "source": "/"}]}, "in a mount"),
    "another's volumes": ({"VolumesFrom": [OTHER]}, "VolumesFrom"),
    "no profile": ({"SecurityOpt": ["seccomp=unconfined"]}, "the security option"),
    "no paths hidden": ({"MaskedPaths": ["/x"]}, "MaskedPaths"),
    "a kernel setting": ({"Sysctls": {"net.ipv4.ip_forward": "1"}}, "Sysctls"),
    "a name for an address": ({"ExtraHosts": ["a:1.2.3.4"]}, "ExtraHosts"),
    "another runtime": ({"Runtime": "other"}, "Runtime"),
    "a temporary file system": ({"Tmpfs": {"/x": "exec"}}, "Tmpfs"),
    "links": ({"Links": [f"{OTHER}:x"]}, "Links"),
    "every port": ({"PublishAllPorts": True}, "PublishAllPorts"),
    "another port of the host": ({"PortBindings": {"8000/tcp": [{"HostPort": "22"}]}}, "the port 8000 published"),
    "another port inside": ({"PortBindings": {"22/tcp": [{"HostPort": "38000"}]}}, "the port 22 published"),
    "another address": (
        {"PortBindings": {"8000/tcp": [{"HostIp": "10.0.0.1", "HostPort": "38000"}]}},
        "published at 10.0.0.1",
    ),
    "a port of its own for everybody": (
        {"PortBindings": {"8000/tcp": [{"HostIp": "", "HostPort": "38100"}]}},
        "the port 8000 published",
    ),
    "a port beyond its own": (
        {"PortBindings": {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "38200"}]}},
        "the port 8000 published",
    ),
    "a log that goes elsewhere": ({"LogConfig": {"Type": "syslog"}}, "the log driver 'syslog'"),
    "a log into a file of the host": ({"LogConfig": {"Type": "local", "Config": {"path": "/x"}}}, "path in Config"),
    "no limit of its memory": ({"Memory": 0}, "without a limit of its memory"),
    "swap without a limit": ({"MemorySwap": -1}, "MemorySwap"),
    "a file of ids": ({"ContainerIDFile": "/etc/x"}, "ContainerIDFile"),
}

WHOLE: dict[str, tuple[dict[str, Any], str]] = {
    "a foreign image": ({"Image": BASE}, "none of SMS's"),
    "a foreign image by a path": ({"Image": f"{GOOD}/../../x"}, "the name"),
    "no labels": ({"Labels": {}}, "without the labels"),
    "no run": ({"Labels": {"smsops.environment": "door"}}, "without the labels"),
    "an unknown environment": ({"Labels": LABELS | {"smsops.environment": "other"}}, "without the labels"),
    "a label that a proxy obeys": ({"Labels": LABELS | {"traefik.enable": "true"}}, "the label 'traefik.enable'"),
    "a HostConfig in another case beside it": ({"hostconfig": {"Privileged": True}}, "the key 'hostconfig' twice"),
    "a HostConfig inside the HostConfig": ({"host_config": {"HostConfig": {"Privileged": True}}}, "HostConfig in Host"),
    "Binds outside": ({"Binds": ["/:/data"]}, "Binds in a new container"),
    "root": ({"User": "root"}, "User in a new container"),
    "a nameless volume": ({"Volumes": {"/data": {}, "/more": {}}}, "a volume without a name"),
    "another network beside": ({"NetworkingConfig": {"EndpointsConfig": {"host": {}}}}, "the network 'host'"),
    "a name on the bridge": (
        {"NetworkingConfig": {"EndpointsConfig": {"bridge": {"IPAddress": "172.17.0.9"}}}},
        "IPAddress in the settings",
    ),
    "a physical address": ({"MacAddress": "02:42:ac:11:00:02"}, "MacAddress"),
}


def placed(value: Any, work: str) -> Any:
    """With the work folder's real path."""
    if isinstance(value, dict):
        return {key: placed(item, work) for key, item in value.items()}
    if isinstance(value, list):
        return [placed(item, work) for item in value]
    return value.replace("{work}", work) if isinstance(value, str) else value


@pytest.mark.parametrize("wish", HOST)
def test_what_leads_out_of_the_container_is_refused(guarded: RunningDoor, host: Host, wish: str) -> None:
    changes, sentence = HOST[wish]
    said = ask(guarded, CREATE, body(host_config=placed(changes, str(host.folder / "work"))))
    assert (said.status, host.count) == (403, 0)
    assert said.message.startswith("smsops's door does not allow ")
    assert sentence in said.message


@pytest.mark.parametrize("wish", WHOLE)
def test_what_is_not_sms_is_refused(guarded: RunningDoor, host: Host, wish: str) -> None:
    changes, sentence = WHOLE[wish]
    said = ask(guarded, CREATE, body(**changes))
    assert (said.status, host.count) == (403, 0)
    assert sentence in said.message


def test_a_foreign_image_is_refused_by_its_id_as_well(guarded: RunningDoor, host: Host) -> None:
    said = ask(guarded, CREATE, body(Image=host.client.images.get(BASE).id))
    assert (said.status, host.count) == (403, 0)
    assert "none of SMS's" in said.message


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"Image":"a","Image":"b"}', "the key 'Image' twice"),
        ('{"Image":"a","IMAGE":"b"}', "the key 'IMAGE' twice"),
        ('{"HostConfig":{"Binds":[],"Bind\u017f":["/:/data"]}}', "the key 'Bind\u017f' twice"),
        ('{"a":NaN}', "the number NaN"),
        ("[1", "not JSON"),
        ("\ufeff{}", "not JSON"),
    ],
)
def test_a_body_that_can_be_read_in_two_ways_is_refused(
    guarded: RunningDoor, host: Host, text: str, sentence: str
) -> None:
    said = ask(guarded, CREATE, text)
    assert (said.status, host.count) == (403, 0)
    assert sentence in said.message


def test_a_body_nested_without_end_is_refused(guarded: RunningDoor, host: Host) -> None:
    assert ask(guarded, CREATE, "[" * 200_000).status == 403
    assert ask(guarded, "GET /v1.41/_ping").status == 200


def test_another_name_is_refused(guarded: RunningDoor, host: Host) -> None:
    said = ask(guarded, "POST /v1.41/containers/create?name=somebody", body())
    assert (said.status, said.message) == (403, "smsops's door does not allow the container name 'somebody'.")


def test_what_smsops_asks_for_is_made_of_the_image_that_was_looked_at(guarded: RunningDoor, host: Host) -> None:
    said = ask(guarded, CREATE, body())
    assert said.status == 201
    made = host.client.containers.get(SMS)
    assert made.attrs["Config"]["Image"] == host.client.images.get(GOOD).id
    made.remove()


def test_an_empty_list_of_hidden_paths_shows_none_of_them(guarded: RunningDoor, host: Host) -> None:
    """The engine takes it for “hide nothing”; the door leaves out what says nothing."""
    assert ask(guarded, CREATE, body(host_config={"MaskedPaths": [], "ReadonlyPaths": []})).status == 201
    made = host.client.containers.get(SMS)
    assert "/proc/kcore" in made.attrs["HostConfig"]["MaskedPaths"]
    made.remove()


def test_a_folder_that_became_a_link_is_not_mounted_at_the_start(guarded: RunningDoor, host: Host) -> None:
    data = host.folder / "work" / "soon"
    data.mkdir()
    assert ask(guarded, CREATE, body(host_config={"Binds": [f"{data}:/data:rw"]})).status == 201
    data.rmdir()
    data.symlink_to("/etc")
    said = ask(guarded, f"POST /v1.41/containers/{SMS}/start")
    assert "reached by a link" in said.message
    host.client.containers.get(SMS).remove()
