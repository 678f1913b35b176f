"""`ops door-rules`: the rules of the door before the Docker Engine, from the environments."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from django.conf import settings

from smsops.door import rules
from tests.factories import make_environment
from tests.ops.terminal import Terminal


def docker_environment(name: str, **fields: str | int) -> None:
    make_environment(name=name, runtime="docker", volume=f"{name}_data", data_path="", **fields)


def test_the_rules_that_are_printed_are_those_the_door_reads(ops: Terminal, tmp_path: Path) -> None:
    docker_environment("school", instance="sms-app", image="sms-fullstack", host_port=8080)
    make_environment(name="native", instance="sms-native")
    (tmp_path / "door.yaml").write_text(ops("door-rules").out)
    read = rules.load(tmp_path / "door.yaml")
    own = rules.Environment("school", "sms-app", "sms-fullstack", "school_data", frozenset({(8000, 8080)}))
    assert read.environments == (own,)
    assert read.work_folders == (PurePosixPath(settings.SMSOPS_WORK_DIR),)
    assert not read.load


def test_behind_an_edge_an_sms_may_have_a_port_of_its_own(ops: Terminal, tmp_path: Path) -> None:
    docker_environment("school", edge="caddy")
    (tmp_path / "door.yaml").write_text(ops("door-rules").out)
    (school,) = rules.load(tmp_path / "door.yaml").environments
    own = int(settings.SMSOPS_PORTS.partition("-")[0])
    assert school.may_have(8000, "127.0.0.1", own)
    assert not school.may_have(8000, "0.0.0.0", own)
    assert not school.may_have(8000, "127.0.0.1", 17000)


def test_the_rules_of_one_queue_leave_the_other_engines_out(ops: Terminal) -> None:
    docker_environment("here", queue="one")
    docker_environment("there", queue="two")
    assert list(ops("door-rules", "--queue", "one", "--json").document["environments"]) == ["here"]


@pytest.mark.parametrize(
    "text",
    [
        "environments: {a: {instance: sms}}",
        "environments: [a]",
        "work_folders: [/]",
        "work_folders: [/srv/../etc]",
        "shown_folders: [relative]",
        "work_folder: [/srv/work]",
        "[",
    ],
)
def test_rules_that_are_not_understood_are_refused_whole(tmp_path: Path, text: str) -> None:
    (tmp_path / "door.yaml").write_text(text)
    with pytest.raises(rules.BadRules, match="cannot be used"):
        rules.load(tmp_path / "door.yaml")
