"""Images under the names docker-compose.yml uses, made of the distribution's packages: no registry is asked.

Each is like the official one as far as that file goes: the same programs, users, folders and settings. Where an image
of the name is there already it is used, whoever made it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import docker
from docker.errors import ImageNotFound

from tests.machine import engine
from tests.machine.engine import OWN_LABEL, ROOT
from tests.machine.parts import CACHE, find

DEBIAN_S = "3.11.2"  # bookworm's Python
OLDER = ("async-timeout",)  # of redis, before Python 3.11.3; pip takes conditions for those of its own Python
REQUIRED = "smsops.tests.requirements"
GROUND = "smsops-tests/compose:bookworm"
PACKAGES = (
    "python3", "python3-pip", "ca-certificates", "git", "wget", "postgresql-15", "postgresql-common", "redis-server",
    "libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0",
)  # fmt: skip
PIP = "[global]\nno-index = true\nfind-links = /wheels\nbreak-system-packages = true\n"
PYTHON = """
COPY wheels /wheels
COPY pip.conf /etc/pip.conf
RUN ln -s /usr/bin/python3 /usr/local/bin/python
"""
POSTGRES = """
COPY entrypoint /usr/local/bin/docker-entrypoint.sh
ENV PGDATA=/var/lib/postgresql/data PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin
RUN mkdir -p $PGDATA && chown postgres:postgres $PGDATA && chmod 1777 $PGDATA && chmod 3777 /run/postgresql
ENTRYPOINT ["sh", "/usr/local/bin/docker-entrypoint.sh"]
CMD ["postgres"]
"""
ENTRYPOINT = """set -e
test "$1" = postgres || exec "$@"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    test -z "$POSTGRES_PASSWORD_FILE" || POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
    printf %s "$POSTGRES_PASSWORD" > /tmp/password
    initdb -U "$POSTGRES_USER" --pwfile=/tmp/password --auth-local=trust -E UTF8 --locale=C.UTF-8
    rm /tmp/password
    printf 'host all all all scram-sha-256\\n' >> "$PGDATA/pg_hba.conf"
    pg_ctl -w -o "-c listen_addresses=" start
    createdb -U "$POSTGRES_USER" "$POSTGRES_DB"
    pg_ctl -w stop
fi
exec postgres -c "listen_addresses=*"
"""
REDIS = 'RUN mkdir -p /data && chown redis:redis /data\nWORKDIR /data\nCMD ["redis-server"]\n'
CADDY = (
    'COPY caddy /usr/bin/caddy\nCMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]\n'
)
MADE_OF = {"python": PYTHON, "postgres": POSTGRES, "redis": REDIS, "caddy": CADDY}


def names() -> dict[str, str]:
    """The name of each image that the compose file takes from elsewhere, by its repository."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    found: list[str] = re.findall(r"\b((?:python|postgres|redis|caddy):[\w.-]+)", text)
    return {name.partition(":")[0]: name for name in found}


def prepare() -> dict[str, str]:
    """See to it that all of them are in the engine; returns their names."""
    found, client = names(), engine.client()
    assert client is not None
    with engine.alone():
        for repository, name in found.items():
            if not _current(client, name):
                _ground()
                _build(repository, name)
    client.close()
    return found


def _current(client: docker.DockerClient, name: str) -> bool:
    """Whether there is such an image, and if it is ours, one with the packages that are required now."""
    try:
        labels = client.images.get(name).labels
    except ImageNotFound:
        return False
    return OWN_LABEL not in labels or not name.startswith("python:") or labels.get(REQUIRED) == _required()


def _required() -> str:
    """A mark of what smsops requires."""
    asked = (ROOT / "requirements.txt").read_bytes() + f"{DEBIAN_S}{OLDER}".encode()
    return hashlib.sha256(asked).hexdigest()[:16]


def _ground() -> None:
    """What all of them are built on; the archive is kept."""
    client = engine.client()
    assert client is not None
    try:
        client.images.get(GROUND)
    except ImageNotFound:
        archive = CACHE / "compose.tar"
        if not archive.exists():
            _debootstrap(archive)
        words = ["docker", "import", "--change", f"LABEL {OWN_LABEL}=1", str(archive), GROUND]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    finally:
        client.close()


def _debootstrap(archive: Path) -> None:
    root = CACHE / "compose-root"
    shutil.rmtree(root, ignore_errors=True)
    print("Making the ground of the compose installation's images (some minutes, once) …", flush=True)
    words = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", "bookworm", str(root)]
    subprocess.run([*words, engine.mirror()], check=True, stdout=subprocess.DEVNULL)
    for left in ("var/cache/apt", "var/lib/apt/lists", "var/lib/postgresql/15", "etc/postgresql/15"):
        shutil.rmtree(root / left, ignore_errors=True)
    (root / "etc/apt/sources.list").write_text("")  # what is not there is not fetched
    part = archive.with_suffix(".part")
    subprocess.run(["tar", "-C", str(root), "-cf", str(part), "."], check=True)
    part.replace(archive)
    shutil.rmtree(root)


def _build(repository: str, name: str) -> None:
    folder = CACHE / f"compose-{repository}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(f"FROM {GROUND}\n{MADE_OF[repository]}")
    (folder / "pip.conf").write_text(PIP)
    (folder / "entrypoint").write_text(ENTRYPOINT)
    if repository == "caddy":
        shutil.copy2(find("caddy") or "caddy", folder / "caddy")
    if repository == "python":
        _wheels(folder / "wheels")
    labels = ("--label", f"{OWN_LABEL}=1", "--label", f"{REQUIRED}={_required()}")
    words = ["docker", "build", "--quiet", *labels, "--tag", name, str(folder)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(folder)


def _wheels(folder: Path) -> None:
    """smsops' own requirements, for the image's Python, whatever runs the tests; and what only that older one needs."""
    words = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "-d", str(folder)]
    words += ["--only-binary=:all:", f"--python-version={DEBIAN_S}", "-r", str(ROOT / "requirements.txt"), *OLDER]
    subprocess.run(words, check=True)
