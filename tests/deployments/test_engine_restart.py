"""The precondition about an engine that takes SMS with it (runbook §1)."""

from __future__ import annotations

import pytest

from deployments.checks import host
from deployments.checks.base import Target
from tests.places import Place


@pytest.mark.docker
def test_an_engine_whose_restart_stops_sms_is_warned_of(docker_place: Place) -> None:
    result = host.EngineRestart().run(Target(docker_place.environment, version="1.18.0"))
    assert (result.verdict == "pass") is docker_place.runtime.outlived()
    assert ("live-restore" in result.fix) is not docker_place.runtime.outlived()


def test_sms_run_natively_outlives_what_runs_it(process_place: Place) -> None:
    result = host.EngineRestart().run(Target(process_place.environment, version="1.18.0"))
    assert (result.verdict, result.detail) == ("pass", "SMS goes on while the engine is restarted.")
