"""A Docker Engine for the tests, and the images of the demo SMS in it. Everything made here carries OWN_LABEL."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import docker
from docker.errors import DockerException, ImageNotFound

from tests.machine.parts import CACHE, find

ROOT = Path(__file__).resolve().parents[2]
OWN_LABEL = "smsops.tests"
BASE = "smsops-tests/base:bookworm"
IMAGE = "smsops-tests/sms-fullstack"
PATIENCE = 60.0


def client() -> docker.DockerClient | None:
    """The engine of this machine, if one answers."""
    try:
        found = docker.DockerClient(base_url="unix:///var/run/docker.sock", timeout=30)
        found.ping()
    except DockerException:
        return None
    return found


def start() -> int | None:
    """Start an engine when none answers; return the number of the process that was started."""
    engine = client()
    if engine is not None:
        engine.close()
        return None
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "dockerd.log").open("wb") as log:
        program = find("dockerd") or "dockerd"
        process = subprocess.Popen([program], stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        engine = client()
        if engine is not None:
            engine.close()
            return process.pid
        time.sleep(0.2)
    sys.exit(f"The Docker Engine does not start; its log is {CACHE / 'dockerd.log'}.")


def prepare_images(repository: Path) -> None:
    """See to it that the base image and an image of every release are in the engine."""
    with alone():
        engine = client()
        assert engine is not None
        try:
            engine.images.get(BASE)
        except ImageNotFound:
            _import_base()
        finally:
            engine.close()
        _build(repository)


def saved(versions: Sequence[str]) -> Path:
    """The images of these releases as one tar, for another engine. It is kept until they are others."""
    engine = client()
    assert engine is not None
    names = [f"{IMAGE}:{version}" for version in versions]
    with alone(), closing(engine):
        mark = "-".join(str(engine.images.get(name).short_id).removeprefix("sha256:") for name in names)
        archive = CACHE / f"images-{mark}.tar"
        if not archive.exists():
            for old in CACHE.glob("images-*"):
                old.unlink()
            part = archive.with_suffix(".part")
            subprocess.run(["docker", "save", "-o", str(part), *names], check=True)
            part.replace(archive)
    return archive


@contextmanager
def alone() -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _import_base() -> None:
    """Make the base image from the distribution's packages; no registry is asked. The archive is kept."""
    archive = CACHE / "base.tar"
    if not archive.exists():
        root = CACHE / "base-root"
        shutil.rmtree(root, ignore_errors=True)
        print("Making the base image (a minute, once) …", flush=True)
        packages = "python3,python3-pip,ca-certificates"
        words = [
            "debootstrap",
            "--variant=minbase",
            f"--include={packages}",
            "bookworm",
            str(root),
            mirror(),
        ]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(root / "var/cache/apt", ignore_errors=True)
        shutil.rmtree(root / "var/lib/apt/lists", ignore_errors=True)
        part = archive.with_suffix(".part")
        subprocess.run(["tar", "-C", str(root), "-cf", str(part), "."], check=True)
        part.replace(archive)
        shutil.rmtree(root)
    words = ["docker", "import", "--change", f"LABEL {OWN_LABEL}=1", str(archive), BASE]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def mirror() -> str:
    """The package mirror this machine uses."""
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)"],
        capture_output=True,
        text=True,
        check=False,
    )
    sites = [line.split()[0] for line in targets.stdout.splitlines() if line.endswith(" bookworm")]
    return sites[0] if sites else "http://deb.debian.org/debian"


def _build(repository: Path) -> None:
    wheels = CACHE / "wheels"
    requirements = ROOT / "demo" / "requirements.txt"
    mark = wheels / ".requirements"
    if not mark.exists() or mark.read_text() != requirements.read_text():
        shutil.rmtree(wheels, ignore_errors=True)
        words = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        # For the base image's Python, whatever runs the tests.
        words += ["--only-binary=:all:", "--python-version=3.11", "-d", str(wheels), "-r", str(requirements)]
        subprocess.run(words, check=True)
        mark.write_text(requirements.read_text())
    words = [sys.executable, "-m", "demo.images", "--repository", str(repository), "--image", IMAGE]
    words += ["--base", BASE, "--wheels", str(wheels), "--label", f"{OWN_LABEL}=1"]
    subprocess.run(words, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
