"""Minute 0-2 by itself: what is broken, what runs, what changed, and the evidence, within seconds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.models import Incident, Severity, Triage
from incidents.services import changes, doorbell, evidence, evidence_runs, first_look, incidents, triage, watching
from incidents.services.incidents import Sign
from smsops.models import Environment, Run, RunState, Trigger
from tests.admin.browser import Browser
from tests.factories import make_incident, make_viewer
from tests.incidents.servers import mute
from tests.places import ADMIN, SECRET_KEY, DockerPlace, Place
from tests.runtimes.acts import kill_for_good, launch

DOWN = Sign("service", Severity.CRITICAL, "SMS does not answer", "/health: connection refused")


def opened(environment: Environment, sign: Sign = DOWN) -> Incident:
    return incidents.report(environment, sign)[0]


def test_it_says_what_is_broken_what_runs_and_what_changed(place: Place) -> None:
    launch(place)
    kill_for_good(place)
    incident = opened(place.environment)
    first_look.look(incident.pk)
    found = Triage.objects.get(incident=incident)
    assert found.broken.startswith("/health: ")
    assert f"{place.environment.instance} (1.18.1) is exited" in found.running
    told = "exit code 137" in found.running
    assert told == isinstance(place, DockerPlace)  # natively nobody is left who saw the code
    assert found.changed.startswith("smsops changed nothing here within a week. Settings: not known:")
    assert incident.evidence.count() == 4


@pytest.mark.docker
def test_from_the_crash_to_the_first_look_it_takes_seconds(docker_place: Place) -> None:
    launch(docker_place)
    watching.due()
    watching.look_now(docker_place.environment.pk)
    kill_for_good(docker_place)
    began = time.monotonic()
    watching.look_now(docker_place.environment.pk)
    first_look.look(Incident.objects.get().pk)
    assert time.monotonic() - began < 15  # within five on a machine that has nothing else to do: make bench
    assert Triage.objects.get().seconds < 15
    assert Incident.objects.get().evidence.count() == 4


def test_an_sms_that_never_answers_keeps_nobody_waiting(process_place: Place) -> None:
    with mute() as server:
        Environment.objects.update(base_url=server.url)
        incident = opened(Environment.objects.get())
        began = time.monotonic()
        triage.take(incident)
        assert time.monotonic() - began < triage.BOUND + 8
    assert Triage.objects.get().broken


def test_of_a_digest_a_telephone_shows_the_beginning() -> None:
    line = f"image id: changed (was sha256:{'ab' * 32}, is nothing) in run 123456789012"
    assert changes.in_short(line) == "image id: changed (was sha256:abababababab…, is nothing) in run 123456789012"


def test_what_was_changed_last_is_named(process_place: Place) -> None:
    run = process_place.deploy("1.18.1")
    process_place.add_env(NEW_SWITCH="1")
    found = triage.take(opened(process_place.environment))
    assert f"“Deploy 1.18.1 to {process_place.name}” (run {run.pk}, by test)" in found.changed
    assert "variable NEW_SWITCH: added" in found.changed


def test_no_secret_is_in_it(process_place: Place) -> None:
    launch(process_place)
    process_place.runtime.stop(process_place.environment.instance, 5)
    log = Path(str(process_place.runtime.describe(process_place.environment.instance).get("log", "")))
    assert SECRET_KEY not in str(log)
    found = triage.take(opened(process_place.environment, Sign("service", Severity.HIGH, "x", f"key {SECRET_KEY}")))
    told = f"{found.broken} {found.running} {found.changed} {found.guess} {found.words}"
    assert [secret for secret in (SECRET_KEY, ADMIN[0], ADMIN[1]) if secret in told] == []


def test_a_lost_ring_is_made_up_for_by_the_sweep(environment: Environment) -> None:
    incident = opened(environment)
    assert triage.waiting() == [(incident.pk, environment.queue)]
    first_look.look(incident.pk)
    assert triage.waiting() == []


@pytest.mark.parametrize(
    ("severity", "begins"), [(Severity.CRITICAL, 1), (Severity.HIGH, 1), (Severity.MEDIUM, 0), (Severity.LOW, 0)]
)
def test_all_the_evidence_of_a_bad_incident_is_collected_by_itself_and_once(
    environment: Environment, severity: Severity, begins: int
) -> None:
    opened(environment, Sign("service", severity, "SMS is ill", "Look."))
    assert (evidence_runs.start_owed(), evidence_runs.start_owed()) == (begins, 0)
    runs = Run.objects.filter(kind="evidence")
    assert [(run.trigger, run.exclusive, run.disturbs) for run in runs] == [(Trigger.SYSTEM, False, False)] * begins


def test_the_evidence_of_one_incident_of_an_environment_is_collected_at_a_time_the_worst_first(
    environment: Environment,
) -> None:
    bad = opened(environment, Sign("slow", Severity.HIGH, "SMS is slow", "It takes 3 s."))
    worse = opened(environment)
    assert (evidence_runs.start_owed(), evidence_runs.start_owed()) == (1, 0)
    Run.objects.update(state=RunState.SUCCEEDED)
    assert (evidence_runs.start_owed(), evidence_runs.start_owed()) == (1, 0)
    runs = Run.objects.filter(kind="evidence").order_by("pk")
    assert [run.params["incident"] for run in runs] == [worse.pk, bad.pk]


def test_incidents_of_the_same_time_have_one_copy_of_the_database(environment: Environment) -> None:
    for kind in ("service", "alert:disk", "data"):
        opened(environment, Sign(kind, Severity.HIGH, f"{kind} is wrong", "Look."))
        evidence_runs.start_owed()
        Run.objects.update(state=RunState.SUCCEEDED)
    copies = Run.objects.filter(kind="evidence", steps__kind="evidence.copy")
    assert (Run.objects.filter(kind="evidence").count(), copies.count()) == (3, 1)
    Incident.objects.update(state="resolved")
    opened(environment, Sign("service again", Severity.HIGH, "It is wrong again", "Look."))
    evidence_runs.start_owed()
    assert copies.count() == 2


def test_the_incidents_page_begins_with_it(environment: Environment) -> None:
    incident = make_incident(environment)
    Triage.objects.create(incident=incident, broken="<b>all</b>", running="nothing", changed="nothing")
    page = Browser(make_viewer()).get(incident.get_absolute_url())
    assert "&lt;b&gt;all&lt;/b&gt;" in page.html
    assert page.html.index("At first sight") < page.html.index("Timeline")


def test_the_pages_queries_do_not_grow_with_the_incident(environment: Environment) -> None:
    incident, browser = make_incident(environment), Browser(make_viewer())
    browser.get(incident.get_absolute_url())
    few = queries(browser, incident)
    for number in range(60):
        incidents.note(incident, "sign", f"sign {number}")
    assert queries(browser, incident) == few


def queries(browser: Browser, incident: Incident) -> int:
    with CaptureQueriesContext(connection) as found:
        assert browser.get(incident.get_absolute_url()).status == 200
    return len(found)


def test_whoever_waits_is_told_that_smsops_looks(environment: Environment) -> None:
    assert "smsops is looking" in Browser(make_viewer()).get(make_incident(environment).get_absolute_url()).html


def test_what_could_not_be_taken_is_rung_for_again_with_the_next_sign_but_not_with_every_one(
    environment: Environment, django_capture_on_commit_callbacks: Any
) -> None:
    def rings() -> int:
        with django_capture_on_commit_callbacks() as asked:
            opened(environment)
        return len(asked)

    assert (rings(), rings()) == (1, 0)  # it was rung for when it was opened
    doorbell._RUNG.clear()  # a minute later
    assert (rings(), rings()) == (1, 0)
    for name in evidence.PIECES:
        evidence.keep(Incident.objects.get(), name, "text")
    doorbell._RUNG.clear()
    assert rings() == 0
