"""`ops rotate-key`: queued with its reason, or refused in one line."""

from __future__ import annotations

from smsops.models import Run
from tests.admin.scenes import a_school, a_school_with_a_key
from tests.factories import make_environment
from tests.ops.terminal import Terminal


def test_it_is_queued_with_who_and_why(ops: Terminal) -> None:
    name = a_school_with_a_key().name
    said = ops("rotate-key", name, "--reason", "it leaked", "--json")
    run = Run.objects.get(kind="key_rotation")
    assert (said.code, said.document["title"]) == (0, f"Rotate SECRET_KEY of {name}")
    assert run.reason == "it leaked"
    assert (run.exclusive, run.disturbs, run.state) == (True, True, "queued")


def test_without_an_env_file_or_an_sms_it_is_refused_in_one_line(ops: Terminal) -> None:
    said = ops("rotate-key", a_school().name)
    assert (said.code, "has no env file, so there is no SECRET_KEY to change." in said.complaint) == (2, True)
    said = ops("rotate-key", make_environment(env_file="/srv/sms/.env").name)
    assert (said.code, "No SMS is installed at" in said.complaint) == (2, True)
    assert not Run.objects.filter(kind="key_rotation").exists()
