"""What a step sees and what it may ask."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from django.conf import settings

from smsops.errors import OpsError, RuntimeUnavailable
from smsops.models import Environment
from smsops.runs import leases, validation
from smsops.runs.context import Context
from tests.smsops.stages import Stage, queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def ctx(environment: Environment, stage: Stage) -> Context:
    run = queue(environment, "look")
    held = leases.claim(run.lease_scope)
    assert held is not None
    return Context(run, run.steps.get(), held)


def test_the_work_folder_belongs_to_the_run_and_is_private(ctx: Context) -> None:
    assert ctx.work_dir == Path(settings.SMSOPS_WORK_DIR) / f"run-{ctx.run.pk}"
    assert stat.S_IMODE(ctx.work_dir.stat().st_mode) == 0o700


def test_what_is_remembered_is_kept_as_it_is_and_added_to(ctx: Context) -> None:
    ctx.remember(file="/tmp/x", token="not redacted: the step works from it")
    ctx.remember(size=7)
    ctx.step.refresh_from_db()
    assert ctx.memo == {"file": "/tmp/x", "token": "not redacted: the step works from it", "size": 7}


def test_a_fact_that_is_not_there_is_the_default(ctx: Context) -> None:
    assert ctx.fact("stage.make", "rows") is None
    assert ctx.fact("stage.make", "rows", 0) == 0


def test_an_error_for_the_operator_says_what_and_what_to_do() -> None:
    assert str(OpsError("The disk is full.", fix="Make room.")) == "The disk is full. Make room."
    assert str(OpsError("The disk is full.")) == "The disk is full."
    assert RuntimeUnavailable("No answer.").transient
    assert not OpsError("x").transient


def test_a_validation_added_twice_is_done_once(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "_KEYS", [])
    for key in ("stage.look", "stage.make", "stage.look"):
        validation.add_validation(key)
    assert [step.kind for step in validation.validation_steps(environment)] == ["stage.look", "stage.make"]
