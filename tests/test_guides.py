"""The guides' pictures: each is there, small, used, and described for those who do not see it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from docs.pictures.camera import LARGEST
from docs.pictures.palette import SIGNATURE

ROOT = Path(__file__).resolve().parents[1]
TAKES = ("take", "typed")  # of the camera
PICTURE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<path>[^)]+\.png)\)")
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWN = [(guide, found["path"], found["alt"]) for guide in GUIDES for found in PICTURE.finditer(guide.read_text())]
TAKEN = sorted((ROOT / "docs" / "pictures").glob("*.png"))
STORY = sorted((ROOT / "docs" / "pictures").glob("*.py"))
TASKS = dict(part.split("\n", 1) for part in (ROOT / "docs" / "tasks.md").read_text().split("\n## ")[1:])


def names_in(story: str) -> set[str]:
    """The pictures that a part of the story takes, by what it asks the camera for."""
    calls = [node for node in ast.walk(ast.parse(story)) if isinstance(node, ast.Call) and node.args]
    asked = [each.args[0] for each in calls if isinstance(each.func, ast.Attribute) and each.func.attr in TAKES]
    return {str(first.value) for first in asked if isinstance(first, ast.Constant)}


def test_every_picture_is_shown_and_every_shown_one_is_there() -> None:
    assert len(TAKEN) > 7
    assert {(guide.parent / path).resolve() for guide, path, _ in SHOWN} == set(TAKEN)


def test_every_picture_is_taken_by_the_story() -> None:
    taken = set.union(*(names_in(part.read_text()) for part in STORY))
    assert taken == {picture.stem for picture in TAKEN}


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_a_picture(task: str) -> None:
    assert PICTURE.search(TASKS[task])


@pytest.mark.parametrize("picture", TAKEN, ids=lambda picture: str(picture.name))
def test_a_picture_is_small(picture: Path) -> None:
    assert picture.read_bytes().startswith(SIGNATURE)
    assert picture.stat().st_size <= LARGEST


def test_every_picture_says_in_words_what_is_on_it() -> None:
    assert not [(guide.name, path) for guide, path, alt in SHOWN if len(alt.split()) < 8]
    told = {alt: Path(path).name for _, path, alt in SHOWN}
    assert not [(guide.name, path) for guide, path, alt in SHOWN if told[alt] != Path(path).name]


def test_every_setting_is_in_the_guide() -> None:
    asked = set(re.findall(r'"(SMSOPS_[A-Z_]+)"', (ROOT / "smsops" / "settings.py").read_text()))
    told = set(re.findall(r"`(SMSOPS_[A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text()))
    assert len(asked) > 40
    assert asked - told == set()
