"""Building images, against a stand-in for the docker command that keeps its images in a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from demo.images import COMMIT, CommandError, Recipe, build
from demo.repository import git

DOCKER = """#!{python}
import hashlib, json, pathlib, sys
file = pathlib.Path({state!r})
state = json.loads(file.read_text())
words = sys.argv[1:]
if words[:2] == ["image", "inspect"]:
    if words[2] not in state:
        sys.exit("Error: No such image: " + words[2])
    print(json.dumps([state[words[2]]]))
elif words[0] == "build":
    labels = dict(word[8:].split("=", 1) for word in words if word.startswith("--label="))
    context = sorted(str(path.relative_to(words[-1])) for path in pathlib.Path(words[-1]).rglob("*"))
    identity = "sha256:" + hashlib.sha256(json.dumps(words[:-1]).encode()).hexdigest()
    name = words[words.index("--tag") + 1]
    state[name] = {{"Id": identity, "Config": {{"Labels": labels}}, "context": context, "words": words}}
    file.write_text(json.dumps(state))
else:
    sys.exit("unknown command")
"""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the stand-in keeps; it has the base image already."""
    file = tmp_path / "state.json"
    file.write_text(json.dumps({"base:1": {"Id": "sha256:base", "Config": {"Labels": None}}}))
    command = tmp_path / "bin" / "docker"
    command.parent.mkdir()
    command.write_text(DOCKER.format(python=sys.executable, state=str(file)))
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(command.parent), prepend=":")
    return file


def test_an_image_is_built_from_the_files_of_its_tag(repository: Path, state: Path) -> None:
    identity, built = build(Recipe(repository, "sms", "base:1"), "1.18.1")
    image = json.loads(state.read_text())["sms:1.18.1"]
    assert (built, identity) == (True, image["Id"])
    assert {"VERSION", "backend/main.py", "docker/Dockerfile.fullstack"} <= set(image["context"])
    assert image["Config"]["Labels"][COMMIT] == git(repository, "rev-parse", "v1.18.1^{commit}").strip()
    assert "BASE=base:1" in image["words"]


def test_an_image_from_the_same_commit_and_base_is_kept(repository: Path, state: Path) -> None:
    recipe = Recipe(repository, "sms", "base:1")
    assert build(recipe, "1.18.0")[0] == build(recipe, "1.18.0")[0]
    assert build(recipe, "1.18.0")[1] is False


def test_another_base_or_label_means_a_new_build(repository: Path, state: Path) -> None:
    build(Recipe(repository, "sms", "base:1"), "1.18.0")
    assert build(Recipe(repository, "sms", "base:1", labels={"run": "7"}), "1.18.0")[1] is True
    images = json.loads(state.read_text())
    images["base:1"]["Id"] = "sha256:newer"
    state.write_text(json.dumps(images))
    assert build(Recipe(repository, "sms", "base:1"), "1.18.0")[1] is True


def test_wheels_travel_in_the_context(repository: Path, state: Path, tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "a-1-py3-none-any.whl").touch()
    build(Recipe(repository, "sms", "base:1", tmp_path / "wheels"), "1.18.0")
    assert "wheels/a-1-py3-none-any.whl" in json.loads(state.read_text())["sms:1.18.0"]["context"]


def test_what_docker_complains_about_is_passed_on(repository: Path, state: Path) -> None:
    with pytest.raises(CommandError, match="unknown command"):
        build(Recipe(repository, "sms", "nowhere:1"), "1.18.0")
