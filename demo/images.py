"""Build the images of the releases: `python -m demo.images --repository REPO --base BASE [VERSION ...]`."""

from __future__ import annotations

import argparse
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from demo.catalogue import number

DOCKERFILE = Path("docker") / "Dockerfile.fullstack"
COMMIT, BASE = "sms-demo.commit", "sms-demo.base"


class CommandError(Exception):
    """A command ended badly; says which one and what it printed."""


@dataclass(frozen=True)
class Recipe:
    """What all images of one call have in common."""

    repository: Path
    image: str
    base: str
    wheels: Path | None = None
    labels: dict[str, str] = field(default_factory=dict)


def build(recipe: Recipe, version: str) -> tuple[str, bool]:
    """The id of `<image>:<version>`, and whether it had to be built.

    It is kept when its labels name the same commit and the same base and carry all that was asked.
    """
    name = f"{recipe.image}:{version}"
    commit = _run("git", "-C", str(recipe.repository), "rev-parse", f"v{version}^{{commit}}").decode().strip()
    labels = {
        "org.opencontainers.image.version": version,
        COMMIT: commit,
        BASE: _base_id(recipe.base),
        **recipe.labels,
    }
    found = _inspect(name)
    if found and labels.items() <= (found["Config"].get("Labels") or {}).items():
        return str(found["Id"]), False
    with tempfile.TemporaryDirectory(prefix="sms-image-") as folder:
        _fill(Path(folder), recipe, commit)
        options = [f"--label={key}={value}" for key, value in labels.items()]
        options += ["--build-arg", f"BASE={recipe.base}", "--file", str(Path(folder) / DOCKERFILE)]
        _run("docker", "build", "--tag", name, *options, folder)
    built = _inspect(name)
    if built is None:
        raise CommandError(f"docker build ended well but there is no image {name}.")
    return str(built["Id"]), True


def versions(repository: Path) -> list[str]:
    """Every tagged version, in numeric order."""
    tags = _run("git", "-C", str(repository), "tag", "--list", "v*").decode().split()
    return sorted((tag.removeprefix("v") for tag in tags), key=number)


def _fill(folder: Path, recipe: Recipe, commit: str) -> None:
    """The build context: the files of the commit, and the wheels beside them."""
    archive = _run("git", "-C", str(recipe.repository), "archive", "--format=tar", commit)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    if recipe.wheels is not None:
        (folder / "wheels").mkdir()
        for wheel in recipe.wheels.glob("*.whl"):
            shutil.copy(wheel, folder / "wheels")


def _base_id(base: str) -> str:
    found = _inspect(base)
    if found is None:
        _run("docker", "pull", base)
        found = _inspect(base)
    return str(found["Id"]) if found else base


def _inspect(image: str) -> dict[str, dict[str, dict[str, str] | None]] | None:
    try:
        found: list[dict[str, dict[str, dict[str, str] | None]]]
        found = json.loads(_run("docker", "image", "inspect", image))
    except CommandError as failure:
        if "No such image" in str(failure):
            return None
        raise
    return found[0]


def _run(*command: str) -> bytes:
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode:
        words = (done.stdout[-4000:] + done.stderr[-4000:]).decode(errors="replace").strip()
        raise CommandError(f"{' '.join(command[:3])} ended with {done.returncode}: {words}")
    return done.stdout


def main() -> int:
    """The command line: one line per image; 0 when all are there, 1 at the first failure."""
    parser = argparse.ArgumentParser(description="Build the images of the demo SMS.")
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="default: every tag of the repository")
    parser.add_argument("--repository", type=Path, required=True, help="made by demo.repository")
    parser.add_argument("--image", default="sms-fullstack", help="name without a tag")
    parser.add_argument("--base", default="python:3.11-slim", help="image with Python 3.11 and pip")
    parser.add_argument("--wheels", type=Path, help="folder of wheels, for a build without a network")
    parser.add_argument("--label", action="append", default=[], metavar="KEY=VALUE")
    asked = parser.parse_args()
    labels = dict(label.partition("=")[::2] for label in asked.label)
    recipe = Recipe(asked.repository, asked.image, asked.base, asked.wheels, labels)
    try:
        for version in asked.versions or versions(asked.repository):
            plain = version.removeprefix("v")
            identity, built = build(recipe, plain)
            print(f"{asked.image}:{plain} {identity} {'built' if built else 'unchanged'}", flush=True)
    except (CommandError, FileNotFoundError) as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
