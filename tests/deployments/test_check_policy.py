"""Which checks an environment switches off: with a reason, by a known key, and never the three that tell most."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from deployments.services import preflight
from smsops.environments import files
from smsops.errors import WrongUse
from smsops.models import Environment
from tests.factories import make_environment, make_release

pytestmark = pytest.mark.django_db


def complaint(off: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        make_environment(checks_off=off)
    (said,) = caught.value.message_dict["checks_off"]
    return said


@pytest.mark.parametrize(
    ("off", "said"),
    [
        ({"printer": "None."}, "There is no check “printer”; known are secrets, env_file, "),
        ({"bundle": " "}, "Say why the check “bundle” is switched off."),
        ({"bundle": 7}, "Say why the check “bundle” is switched off."),
        (["bundle"], "Give keys of checks and reasons, like "),
        ("bundle", "Give keys of checks and reasons, like "),
    ],
)
def test_each_mistake_is_one_sentence(off: Any, said: str) -> None:
    assert complaint(off).startswith(said)


@pytest.mark.parametrize("key", ["image", "volume", "health"])
def test_what_tells_whether_sms_runs_at_all_is_never_switched_off(key: str) -> None:
    assert complaint({key: "It disturbs."}).startswith(f"The check “{key}” is never switched off")


def test_every_mistake_is_said() -> None:
    assert len(complaint({"health": "No.", "printer": "No.", "login": ""}).split(". ")) == 3


def test_a_switched_off_check_is_skipped_with_the_reason_and_not_asked() -> None:
    environment = make_environment(checks_off={"secrets": "The keys are in a vault of the school's."})
    result = next(each for each in preflight.preconditions(make_release(environment)) if each.key == "secrets")
    assert (result.verdict, result.detail) == ("skip", "Switched off here: The keys are in a vault of the school's.")


def test_one_that_is_never_switched_off_is_asked_whatever_the_row_says() -> None:
    environment = make_environment()
    Environment.objects.update(checks_off={"image": "Somebody wrote it past the form."})
    environment.refresh_from_db()
    (result,) = preflight.preconditions(make_release(environment, installed=False), ["image"])
    assert result.verdict == "fail"


def test_a_file_of_environments_switches_them_off_too_and_is_refused_likewise(tmp_path: Path) -> None:
    environment, path = make_environment(), tmp_path / "environments.yaml"
    path.write_text(f"{environment.name}:\n  checks_off: {{bundle: The page comes from elsewhere.}}\n")
    files.apply(str(path))
    assert Environment.objects.get(pk=environment.pk).checks_off == {"bundle": "The page comes from elsewhere."}
    path.write_text(f"{environment.name}:\n  checks_off: {{health: It disturbs.}}\n")
    with pytest.raises(WrongUse, match="checks_off: The check “health” is never switched off"):
        files.apply(str(path))


def test_an_environment_lets_nobody_try_out_its_rate_limit_unless_it_says_so() -> None:
    assert make_environment().rate_limit_check is False
