"""Real servers for replicas, on the loopback: rclone and moto for S3, Azurite for Azure, OpenSSH for SFTP."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import boto3
import pytest
from azure.storage.blob import BlobServiceClient

from backups.vault.remote import Site
from backups.vault.shelf import Shelf
from tests.machine.parts import find
from tests.places import free_port, wait_for

KEY, SECRET = "AKIDSMSOPSTESTS", "a-secret-of-the-tests-0123456789"
AZURE_KEY = base64.b64encode(b"a key of the tests".ljust(64)).decode()


@contextlib.contextmanager
def running(command: list[str], port: int, log: Path, **env: str) -> Iterator[None]:
    """A server that is ended afterwards; its port answers when the block begins."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **env})
    try:
        wait_for(lambda: process.poll() is not None or answers(port), f"{command[0]}, see {log}")
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(10)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def rclone(folder: Path) -> Iterator[Site]:
    """S3 by rclone, over a folder."""
    port = free_port()
    (folder / "bucket").mkdir(parents=True)
    program = Path(sys.executable).with_name("rclone")
    command = [str(program), "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", f"{KEY},{SECRET}", str(folder)]
    config = str(folder.with_suffix(".conf"))
    Path(config).touch()
    with running(command, port, folder.with_suffix(".log"), RCLONE_CONFIG=config):
        yield Site("s3", "bucket", f"http://127.0.0.1:{port}", "sms", KEY, SECRET)


@contextlib.contextmanager
def moto(folder: Path, port: int = 0, **env: str) -> Iterator[Site]:
    """S3 by moto, in memory, with a bucket that has object lock; at a free port, or at this one."""
    port = port or free_port()
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with running(command, port, folder / f"moto-{port}.log", **env):
        site = Site("s3", "bucket", f"http://127.0.0.1:{port}", "sms", KEY, SECRET)
        with client(site) as s3:
            s3.create_bucket(Bucket="bucket", ObjectLockEnabledForBucket=True)
        yield site


@contextlib.contextmanager
def client(site: Site, service: str = "s3") -> Iterator[Any]:
    """AWS's own client, with the site's credentials."""
    names = {"aws_access_key_id": site.user, "aws_secret_access_key": site.secret}
    found = boto3.client(service, endpoint_url=site.address, region_name="us-east-1", **names)
    try:
        yield found
    finally:
        found.close()


@contextlib.contextmanager
def azurite(folder: Path) -> Iterator[Site]:
    """Azure Blob by Azurite, in memory."""
    port = free_port()
    command = [find("azurite-blob") or "azurite-blob", "--blobPort", str(port), "--blobHost", "127.0.0.1", "--silent"]
    command += ["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck"]
    with running(command, port, folder / "azurite.log", AZURITE_ACCOUNTS=f"school:{AZURE_KEY}"):
        site = Site("azure", "bucket", f"http://127.0.0.1:{port}/school", "sms", "school", AZURE_KEY)
        credential = {"account_name": site.user, "account_key": site.secret}
        with BlobServiceClient(site.address, credential=credential) as service:
            service.create_container("bucket")
        yield site


@contextlib.contextmanager
def sshd(folder: Path, *options: str) -> Iterator[Site]:
    """SFTP by OpenSSH, for whoever runs the tests; `options` are those of internal-sftp."""
    port = free_port()
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    shutil.copy(folder / "user.pub", folder / "authorized_keys")
    (folder / "bucket").mkdir()
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where a service's own script would have made it
    (folder / "config").write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {folder / 'host'}\nAuthorizedKeysFile {folder / 'authorized_keys'}\n"
        f"StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\nPasswordAuthentication no\n"
        f"Subsystem sftp internal-sftp\nForceCommand internal-sftp {' '.join(options)}\nMaxStartups 100\n"
    )
    command = [find("sshd") or "sshd", "-D", "-e", "-f", str(folder / "config")]
    with running(command, port, folder / "sshd.log"):
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        host_key = " ".join((folder / "host.pub").read_text().split()[:2])
        secret = (folder / "user").read_text()
        yield Site("sftp", str(folder / "bucket"), f"127.0.0.1:{port}", "sms", user, secret, host_key=host_key)


NO_MORE_THAN_WRITE = ("-P", "remove,rename,posix-rename,rmdir,hardlink,symlink")


@pytest.fixture(scope="session")
def rclone_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with rclone(tmp_path_factory.mktemp("rclone") / "data") as site:
        yield site


@pytest.fixture(scope="session")
def moto_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with moto(tmp_path_factory.mktemp("moto")) as site:
        yield site


@pytest.fixture(scope="session")
def azure_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with azurite(tmp_path_factory.mktemp("azurite")) as site:
        yield site


@pytest.fixture(scope="session")
def sftp_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with sshd(tmp_path_factory.mktemp("sshd")) as site:
        yield site


@pytest.fixture(scope="session")
def strict_sftp_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Where nothing can be removed or renamed."""
    with sshd(tmp_path_factory.mktemp("sshd"), *NO_MORE_THAN_WRITE) as site:
        yield site


REMOTE = [
    "rclone",
    "moto",
    pytest.param("sftp", marks=pytest.mark.sftp),
    pytest.param("azure", marks=pytest.mark.azure),
]


@pytest.fixture(params=REMOTE)
def site(request: pytest.FixtureRequest) -> Site:
    """Each server in turn, below a prefix of the test's own."""
    found: Site = request.getfixturevalue(f"{request.param}_site")
    return replace(found, prefix=f"sms-{uuid.uuid4().hex[:8]}")


@pytest.fixture(params=["folder", *REMOTE])
def any_site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    """The same, and a folder."""
    if request.param == "folder":
        return Site("folder", str(tmp_path), prefix="replica")
    found: Site = request.getfixturevalue(f"{request.param}_site")
    return replace(found, prefix=f"sms-{uuid.uuid4().hex[:8]}")


NAME = "backups/20260301T123000Z-r7.json"
LARGE = Random(3).randbytes(9 * 1024 * 1024)  # sent in more than one part


def parcel(folder: Path, data: bytes) -> Path:
    """A file to be put."""
    path = folder / f"{uuid.uuid4().hex}.parcel"
    path.write_bytes(data)
    return path


def content(shelf: Shelf, name: str) -> bytes:
    """What is in a file on a shelf."""
    with shelf.open(name) as file:
        return file.read()
