"""What people do without smsops: the runbook's stop and run, and docker-compose; on the same images and volume."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

from tests.places import DockerPlace, wait_for


def docker(*words: str) -> None:
    """One command of the engine's own program."""
    subprocess.run(["docker", *words], check=True, capture_output=True)


def stop_and_run(place: DockerPlace, version: str) -> None:
    """Runbook §4.1 as DOCKER.ps1 does it: stop, remove, run."""
    name = place.environment.instance
    docker("stop", "-t", "15", name)
    docker("rm", name)
    docker("run", "-d", *_words(place, name, version))


def exchange(place: DockerPlace, version: str) -> float:
    """The least anybody can do without an edge: create, stop, start. Tells when the start was ordered, on the
    monotonic clock."""
    name = place.environment.instance
    docker("create", *_words(place, f"{name}-next", version))
    docker("stop", "-t", "15", name)
    ordered = time.monotonic()
    docker("start", f"{name}-next")
    docker("rm", name)
    docker("rename", f"{name}-next", name)
    return ordered


def _words(place: DockerPlace, name: str, version: str) -> list[str]:
    words = ["--name", name, "--env-file", str(place.env_file), "-p", f"{place.port}:8000"]
    words += ["-e", "SMS_ENV=production", "-e", "SMS_EXECUTION_MODE=docker", "--restart", "unless-stopped"]
    return [*words, "-v", f"{place.environment.volume}:/data", f"{place.environment.image}:{version}"]


def take_away(place: DockerPlace) -> None:
    """Remove what stands on its volume, whoever made it."""
    command = ["docker", "ps", "--all", "--quiet", "--filter", f"volume={place.environment.volume}"]
    if found := subprocess.run(command, check=True, capture_output=True, text=True).stdout.split():
        docker("rm", "-f", *found)


def compose(place: DockerPlace, *words: str, version: str) -> None:
    """docker-compose with a file that names this version."""
    file = Path(place.env_file).with_name("docker-compose.yml")
    file.write_text(
        f"version: '3'\nservices:\n  sms:\n    image: {place.environment.image}:{version}\n"
        f"    env_file: {place.env_file}\n    environment: [SMS_ENV=production, SMS_EXECUTION_MODE=docker]\n"
        f"    ports: ['{place.port}:8000']\n    volumes: ['data:/data']\n"
        f"volumes:\n  data:\n    external: true\n    name: {place.environment.volume}\n"
    )
    command = ["docker-compose", "-p", place.name, "-f", str(file), *words]
    subprocess.run(command, check=True, capture_output=True)


def migrating_start(place: DockerPlace, version: str, back_to: str) -> float:
    """Seconds from `docker run` of a release that migrates until it is healthy and ready; the data is put back."""
    kept = Path(place.env_file).with_name("before.db")
    with closing(sqlite3.connect(place.database)) as live, closing(sqlite3.connect(kept)) as copy:
        live.backup(copy)
    docker("stop", "-t", "15", place.environment.instance)
    began = time.perf_counter()
    stop_and_run(place, version)
    wait_for(place.serving, "SMS", 60)
    taken = time.perf_counter() - began
    docker("stop", "-t", "15", place.environment.instance)
    for side in ("-wal", "-shm"):
        place.database.with_name(place.database.name + side).unlink(missing_ok=True)
    shutil.copyfile(kept, place.database)
    stop_and_run(place, back_to)
    wait_for(place.serving, "SMS", 60)
    return taken
