"""`ops build`, `ops archive` and what `ops deploy` wants to be told: the images of releases from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.services import releases
from smsops.models import Environment, Run
from smsops.runtimes.registry import runtime_for
from tests.factories import make_environment, make_instance, make_repository
from tests.ops.terminal import Terminal

VERSIONS = ("1.8.0", "1.9.0", "1.10.0")
BREAKS = "# Changelog\n\n## [1.9.0]\n\n### ⚠️ BREAKING CHANGES\n\n- Old tokens end.\n"


@pytest.fixture
def school(tmp_path: Path, transactional_db: None) -> Environment:
    """1.8.0 runs; 1.9.0 breaks something."""
    files = {"backend/entrypoint.py": "", "CHANGELOG.md": BREAKS}
    source = make_repository(tmp_path / "source", {f"v{each}": {**files, "VERSION": each} for each in VERSIONS})
    environment = make_environment(source_path=str(source))
    releases.import_all(environment)
    make_instance(environment, environment.releases.get(version="1.8.0"))
    return environment


def here(environment: Environment) -> set[str]:
    return {image.version for image in runtime_for(environment).images()}


def test_a_dry_run_says_what_would_go_and_why_the_others_stay(ops: Terminal, school: Environment) -> None:
    said = ops("archive", school.name, "--keep", 1, "--dry-run")
    assert said.lines == [
        "1.10.0 stays: it is one of the newest 1.", "1.9.0 goes.", "1.8.0 stays: it is the one that runs.",
    ]  # fmt: skip
    assert (here(school), Run.objects.count()) == (set(VERSIONS), 0)


def test_a_release_that_was_archived_is_built_again(ops: Terminal, school: Environment, worker: None) -> None:
    assert ops("archive", school.name, "--keep", 1, "--wait").code == 0
    assert here(school) == {"1.8.0", "1.10.0"}
    assert "archived" in next(line for line in ops("releases", school.name).lines if line.startswith("1.9.0"))
    said = ops("build", school.name, "v1.9.0", "--wait")
    assert (said.code, here(school)) == (0, set(VERSIONS))
    assert "Built 1.9.0: tree:" in said.lines[-1]


def test_a_deploy_over_breaking_changes_wants_each_by_name(ops: Terminal, school: Environment) -> None:
    said = ops("deploy", school.name, "1.10.0")
    assert said.code == 2
    assert "Breaking changes of 1.9.0 are to be acknowledged first." in said.complaint
    assert ops("deploy", school.name, "1.10.0", "--acknowledge", "1.9.0").code == 0
    assert Run.objects.get().params["acknowledged"] == ["1.9.0"]
