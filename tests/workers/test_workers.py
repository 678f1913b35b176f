"""Real Celery workers, really killed, on real brokers; beat's sweep brings every run to its end."""

from __future__ import annotations

from incidents.models import Pulse
from incidents.services import sweep
from smsops.models import FINAL, Run, RunState
from tests.places import Place, wait_for
from tests.workers.conftest import Crew, flush


def ended(run: Run) -> bool:
    run.refresh_from_db()
    return run.state in FINAL and run.end_announced


def in_the_gate(run: Run) -> bool:
    return run.steps.filter(kind="switch.gate", state__in=("running", "waiting", "done")).exists()


def test_a_run_whose_worker_is_killed_in_the_middle_is_finished_by_the_next(crew: Crew, place: Place) -> None:
    run = place.plan_deploy("1.18.0")
    first = crew.worker()
    crew.beat()
    wait_for(lambda: in_the_gate(run), "the gate", 90)
    crew.kill(first)
    crew.worker()
    wait_for(lambda: ended(run), "the verdict", 180)
    assert run.state == RunState.SUCCEEDED, run.headline
    assert place.serving()


def test_a_run_whose_messages_are_all_lost_is_finished(crew: Crew, place: Place) -> None:
    run = place.plan_deploy("1.18.0")
    flush(crew)
    crew.beat()
    first = crew.worker()
    wait_for(lambda: in_the_gate(run), "the gate", 90)
    crew.kill(first)
    flush(crew)
    crew.worker()
    wait_for(lambda: ended(run), "the verdict", 180)
    assert run.state == RunState.SUCCEEDED, run.headline


def test_a_worker_for_what_is_urgent_pages_people_though_no_other_one_has_a_hand_free(crew: Crew) -> None:
    crew.start("worker", "-Q", "urgent", "--concurrency=1", "--without-gossip", "--without-mingle")
    crew.beat()
    wait_for(lambda: Pulse.objects.filter(name=sweep.SCHEDULE).exists(), "the round", 90)
    assert sweep.scheduled()
