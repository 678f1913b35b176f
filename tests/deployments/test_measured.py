"""What real deploys and a real rollback leave behind: measured times, lines in the log, figures."""

from __future__ import annotations

from deployments.models import PostTask
from deployments.operations import dora, log, words
from deployments.rto import scenarios, table
from tests.places import Place


def test_a_rollback_of_a_real_sms_is_measured_logged_and_counted(process_place: Place) -> None:
    place = process_place
    for version in ("1.18.0", "1.18.1"):
        assert place.deploy(version).state == "succeeded"
    run = place.roll_back()
    assert run.state == "succeeded", run.headline

    row = table.row(place.environment, scenarios.CODE)
    assert row.phases is not None
    assert row.estimate is not None
    assert all(row.phases[phase] > 0 for phase in ("detect", "prepare", "execute", "validate"))
    assert abs(sum(row.phases.values()) - (run.seconds or 0)) < 0.01
    assert row.verdict == "green"

    back, *_ = entries = log.of(place.environment)
    assert [words.change_text(entry) for entry in entries] == ["1.18.1 → 1.18.0", "1.18.0 → 1.18.1", "1.18.0"]
    assert back.away is not None
    assert 0 < back.away < (run.seconds or 0)

    figures = dora.of(place.environment, 30)
    assert (figures.deploys, figures.failed, figures.changes, figures.restore_n) == (2, 1, 2, 1)
    assert figures.lead_n == 2
    assert PostTask.objects.get(environment=place.environment, key="notes").due_at is not None
