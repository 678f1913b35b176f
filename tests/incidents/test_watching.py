"""The watcher on real installations: notices what is wrong, once, and that it is over; says nothing of our own work."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from incidents import receivers
from incidents.models import Incident, IncidentState, Severity, Watch
from incidents.services import first_look, watching
from smsops.models import Environment, Run, RunState
from tests.factories import make_watch
from tests.incidents.servers import choosy, mute
from tests.places import Place, free_port, wait_for
from tests.runtimes.acts import kill, kill_for_good, launch
from tests.smsops.crowd import together


@pytest.fixture
def watched(place: Place) -> Place:
    """A running SMS that was looked at and found well."""
    return begin(place)


@pytest.fixture
def watched_process(process_place: Place) -> Place:
    return begin(process_place)


def test_what_sms_says_of_itself_is_kept_whatever_it_is(environment: Environment) -> None:
    answers = {
        "/health": '{"status": "unhealthy"}',
        "/health/ready": '{"checks": {"d\\u0000b\\ud800": {"status": "bad"}}}',
    }
    with choosy(answers) as url:
        environment.base_url = url
        watch = make_watch(environment)
        watching._ask(watch, timezone.now())
        watch.save()
    assert Watch.objects.get().detail.endswith("not ready (HTTP 200: db?)")


def begin(place: Place) -> Place:
    launch(place)
    watching.due()
    assert look(place).good
    return place


def look(place: Place) -> Watch:
    watch = watching.look_now(place.environment.pk)
    assert watch is not None
    return watch


def ask(place: Place) -> Watch:
    """Look, and ask SMS itself whether that is due or not."""
    Watch.objects.update(asked_at=None)
    return look(place)


def noticed(place: Place) -> Incident:
    """Look until there is an incident."""

    def found() -> Incident | None:
        look(place)
        return Incident.objects.first()

    incident = wait_for(found, "an incident", 60)
    assert isinstance(incident, Incident)
    return incident


def resolved(place: Place) -> Incident:
    """Look until the one incident is over."""

    def over() -> bool:
        look(place)
        return Incident.objects.get().state == IncidentState.RESOLVED

    wait_for(over, "the incident to be over", 60)
    return Incident.objects.get()


def test_a_death_is_one_incident_that_ends_by_itself(watched: Place) -> None:
    kill(watched)
    incident = noticed(watched)
    assert (incident.title, incident.severity) == ("SMS died", Severity.CRITICAL)
    assert incident.evidence.count() == 0  # looking waits for nothing; the workers take it right after
    first_look.look(incident.pk)
    assert incident.evidence.count() == 4
    incident = resolved(watched)
    assert incident.resolution == "SMS is healthy and ready again."
    assert incident.resolved_at is not None
    assert Incident.objects.count() == 1


def test_sms_that_dies_again_and_again_is_one_incident_that_is_over_once_it_stays_well(watched_process: Place) -> None:
    kill(watched_process)
    noticed(watched_process)
    resolved(watched_process)
    kill(watched_process)

    def back() -> bool:
        look(watched_process)
        return Incident.objects.get().live

    wait_for(back, "it to come back", 60)
    wait_for(lambda: look(watched_process).well_since, "SMS to be well", 60)
    assert (Incident.objects.get().flapping, Incident.objects.get().live) == (True, True)
    Watch.objects.update(well_since=timezone.now() - timedelta(minutes=10))
    resolved(watched_process)


def test_sms_stopped_behind_our_back_is_noticed_at_the_first_look(watched: Place) -> None:
    name = watched.environment.instance
    watched.runtime.stop(name, 5)
    for _ in range(3):
        look(watched)
    incident = Incident.objects.get()
    assert (incident.title, incident.severity) == ("SMS has stopped", Severity.CRITICAL)
    assert incident.timeline.filter(kind="sign").count() == 1
    Incident.objects.update(state=IncidentState.ACKNOWLEDGED)
    watched.runtime.start(name)
    wait_for(watched.serving, "SMS to serve again")
    resolved(watched)


def test_sms_whose_database_is_gone_is_noticed_after_two_looks(watched: Place) -> None:
    away = watched.database.rename(watched.database.with_name("away.db"))
    assert ask(watched).status == "unhealthy"
    assert not Incident.objects.exists()
    look(watched)
    incident = Incident.objects.get()
    assert (incident.title, incident.severity) == ("SMS is unhealthy", Severity.CRITICAL)
    away.rename(watched.database)
    resolved(watched)


def test_an_instance_that_was_removed_is_noticed(watched_process: Place) -> None:
    kill_for_good(watched_process)
    watched_process.runtime.remove(watched_process.environment.instance)
    look(watched_process)
    assert Incident.objects.get().title == "SMS is gone"


def test_nothing_is_judged_while_a_run_disturbs_sms_but_a_backup_does_not(watched_process: Place) -> None:
    run = Run.objects.create(
        environment=watched_process.environment, kind="deploy", title="Deploy", state=RunState.RUNNING, disturbs=True
    )
    watched_process.runtime.stop(watched_process.environment.instance, 5)
    for _ in range(3):
        look(watched_process)
    assert not Incident.objects.exists()
    Run.objects.filter(pk=run.pk).update(state=RunState.SUCCEEDED, finished_at=timezone.now())
    Run.objects.create(environment=watched_process.environment, kind="backup", title="B", state=RunState.RUNNING)
    look(watched_process)
    assert Incident.objects.get().title == "SMS has stopped"


def test_what_happened_during_our_own_run_is_no_news_after_it(watched_process: Place) -> None:
    assert watched_process.deploy("1.19.0").state == RunState.SUCCEEDED
    for _ in range(3):
        assert look(watched_process).release == "1.19.0"
    assert not Incident.objects.exists()


def test_a_failed_change_is_over_when_sms_is_well_again(watched_process: Place) -> None:
    run = Run.objects.create(
        environment=watched_process.environment, kind="deploy", title="Deploy", state=RunState.UNDOING, disturbs=True
    )
    receivers.runs.on_undoing(run=run)
    Run.objects.update(state=RunState.UNDONE, finished_at=timezone.now(), headline="Everything was undone.")
    run.refresh_from_db()
    receivers.runs.on_ended(run=run)
    assert Incident.objects.get(run=run).mitigated_at is not None
    resolved(watched_process)


def test_sms_that_was_never_installed_is_no_trouble(process_place: Place) -> None:
    watching.due()
    for _ in range(3):
        assert look(process_place).status == "absent"
    assert not Incident.objects.exists()


def test_sms_that_does_not_answer_is_waited_for_only_so_long_and_noticed_at_the_second_look(
    watched_process: Place,
) -> None:
    with mute() as server:
        Environment.objects.update(base_url=server.url)
        began = time.monotonic()
        watch = ask(watched_process)
    assert time.monotonic() - began < 20
    assert (watch.status, watch.bad_looks) == ("down", 1)
    assert "no answer within 3 s" in watch.detail
    assert not Incident.objects.exists()
    look(watched_process)
    incident = Incident.objects.get()
    assert (incident.title, incident.severity) == ("SMS does not answer", Severity.CRITICAL)


def test_a_look_that_is_not_due_is_not_made(process_place: Place) -> None:
    watching.due()
    assert watching.look(process_place.environment.pk) is not None
    assert watching.look(process_place.environment.pk) is None
    assert watching.due() == []


def test_two_who_look_at_once_look_once(process_place: Place) -> None:
    watching.due()
    looks = together(8, lambda: watching.look(process_place.environment.pk))
    assert len(looks) == 8
    assert len([watch for watch in looks if watch is not None]) == 1


def test_a_new_environment_is_due_at_once(process_place: Place) -> None:
    assert watching.due() == [process_place.environment.pk]
    assert Watch.objects.count() == 1


def test_while_all_is_well_health_is_asked_at_its_own_pace(watched_process: Place) -> None:
    before = look(watched_process).asked_at
    watched_process.environment.health_seconds = 3600
    watched_process.environment.save()
    assert look(watched_process).asked_at == look(watched_process).asked_at
    assert before is not None


@pytest.mark.docker
def test_sms_that_is_away_together_with_its_engine_is_noticed(
    docker_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching.due()
    with monkeypatch.context() as patch:
        patch.setattr(settings, "SMSOPS_DOCKER_HOST", f"tcp://127.0.0.1:{free_port()}")
        for _ in range(3):
            watch = watching.look_now(docker_place.environment.pk)
    assert watch is not None
    assert watch.status == "down"
    assert Incident.objects.get().title == "SMS does not answer"


def test_a_look_that_takes_long_is_not_joined_by_a_second(
    process_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SMSOPS_WATCH_SECONDS", 0)
    launch(process_place)
    watching.due()
    with mute() as server:
        Environment.objects.update(base_url=server.url)
        thread = threading.Thread(target=slow_look, args=(process_place.environment.pk,))
        thread.start()
        assert server.asked.wait(10)
        second = watching.look(process_place.environment.pk)
    thread.join()
    assert second is None


def slow_look(environment_id: int) -> None:
    try:
        watching.look(environment_id)
    finally:
        connection.close()
