"""The programs the tests use beside Python's own packages, and where they come from."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """A program or library, the package that has it, the tests that need it (a pytest marker), where the package is."""

    program: str
    package: str
    marker: str
    source: str = "Debian"

    @property
    def here(self) -> bool:
        return _loads(self.program) if ".so." in self.program else find(self.program) is not None


PARTS = (
    Part("dockerd", "docker.io", "docker"),
    Part("debootstrap", "debootstrap", "docker"),
    Part("iptables", "iptables", "docker"),
    Part("docker-compose", "docker-compose", "compose"),
    Part("redis-server", "redis-server", "redis"),
    Part("postgres", "postgresql", "postgres"),
    Part("git", "git", ""),
    Part("chromium", "chromium", "browser"),
    Part("sshd", "openssh-server", "sftp"),
    Part("ssh-keygen", "openssh-client", "sftp"),
    Part("npm", "npm", "azure"),
    Part("azurite-blob", "azurite", "azure", "npm"),
    Part("npm", "npm", "audit"),
    Part("libpango-1.0.so.0", "libpango-1.0-0", "pdf"),
    Part("libpangoft2-1.0.so.0", "libpangoft2-1.0-0", "pdf"),
    Part("libharfbuzz-subset.so.0", "libharfbuzz-subset0", "pdf"),
    Part("prometheus-alertmanager", "prometheus-alertmanager", "alertmanager"),
    Part("prometheus", "prometheus", "alertmanager"),
    Part("pip-audit", "pip-audit", "audit", "PyPI"),
    Part("detect-secrets", "detect-secrets", "audit", "PyPI"),
)
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "smsops-tests"
NPM = CACHE / "azurite"
AUDIT = Path(__file__).resolve().parents[2] / "requirements-audit.txt"


def find(program: str) -> str | None:
    """The program's path; PostgreSQL's server programs are not on PATH in Debian."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    homes += [NPM / "node_modules/.bin", Path(sys.executable).parent]
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", *map(str, homes)])
    return shutil.which(program, path=path)


def _loads(library: str) -> bool:
    """Whether the loader finds a library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing() -> list[Part]:
    """The parts that are not on this machine."""
    return [part for part in PARTS if not part.here]


def can_install() -> bool:
    """Whether packages may be installed: Debian's package tool, as root."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(parts: list[Part]) -> None:
    """Install the parts' packages, without starting their services."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    subprocess.run(["apt-get", "update", "-q"], check=True, env=env, stdout=subprocess.DEVNULL)
    names = sorted({part.package for part in parts if part.source == "Debian"})
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *names]
    subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL)
    names = sorted({part.package for part in parts if part.source == "PyPI"})
    if names:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*command, "-r", str(AUDIT)], check=True)
    names = sorted({part.package for part in parts if part.source == "npm"})
    if names:
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(NPM), *names]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
