"""Playbooks on pages: suggested with reasons, counted by facts, buttons only for those who may, edits as versions."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from incidents.models import ActKind, Incident, IncidentState, Playbook, PlaybookAct
from incidents.services import playbooks, remedies
from smsops.models import Environment, Run, RunState
from tests.admin.browser import Browser, door
from tests.factories import make_incident, make_run, make_user, make_viewer
from tests.playbooks.test_signatures import seen

pytestmark = pytest.mark.usefixtures("shipped")
EDITOR = ("incidents.view_playbook", "incidents.change_playbook")


def ended(
    incident: Incident, kind: str = "restart", state: str = RunState.SUCCEEDED, seconds: float = 40, hours: int = 0
) -> Run:
    """A response that began and ended so many hours ago, and when the incident was over after it."""
    at = timezone.now() - timedelta(hours=hours)
    Incident.objects.filter(pk=incident.pk).update(detected_at=at - timedelta(seconds=1))
    run = make_run(incident.environment, kind=kind, state=state, started_at=at, finished_at=at, headline="It ended.")
    remedies.note(run)
    over = at + timedelta(seconds=seconds)
    Incident.objects.filter(pk=incident.pk).update(state=IncidentState.RESOLVED, resolved_at=over)
    return run


def test_the_page_says_what_fits_why_and_what_helps(environment: Environment) -> None:
    incident = seen(environment, "errors")
    page = Browser(make_user("incidents.view_incident", "smsops.rollback_environment")).get(incident.get_absolute_url())
    assert "Playbook: API returns 500 on all endpoints" in page.text
    assert "what it answers (“HTTP 500”)" in page.text
    way = reverse("admin:smsops_environment_do", args=[environment.pk, "rollback"])
    assert f"{way}?strategy=code" in page.links
    assert reverse("admin:smsops_environment_do", args=[environment.pk, "recreate"]) not in page.links
    assert "ops recreate demo" in page.text


def test_who_only_looks_gets_no_button(environment: Environment) -> None:
    incident = seen(environment, "errors")
    page = Browser(make_viewer()).get(incident.get_absolute_url())
    assert "Playbook: API returns 500 on all endpoints" in page.text
    assert page.doors == []


def test_what_worked_before_is_counted(environment: Environment) -> None:
    for hours, state, seconds in ((9, "succeeded", 40), (6, "failed_safe", 40), (3, "succeeded", 5_000)):
        ended(seen(environment, "crash-loop"), state=state, seconds=seconds, hours=hours)
    version = playbooks.find("crash-loop")
    found = remedies.records(environment, version.playbook_id, "none")["restart"]
    assert (found.tried, found.worked) == (3, 1)
    assert found.text == "worked 1 of 3 times here, half within 40 s"


def test_of_two_responses_the_last_one_counts(environment: Environment) -> None:
    incident = seen(environment, "crash-loop")
    now = timezone.now()
    for seconds, kind in ((0, "restart"), (60, "more_memory")):
        at = now + timedelta(seconds=seconds)
        remedies.note(make_run(environment, kind=kind, started_at=at, finished_at=at))
    Incident.objects.update(state=IncidentState.RESOLVED, resolved_at=now + timedelta(seconds=90))
    known = remedies.records(environment, None, incident.fingerprint)
    assert {key: (each.tried, each.worked) for key, each in known.items()} == {"restart": (1, 0), "more_memory": (1, 1)}


def test_drills_and_other_environments_do_not_count(environment: Environment) -> None:
    ended(make_incident(environment, title="SMS is in a crash loop", drill=True, fingerprint="one"))
    ended(make_incident(title="SMS is in a crash loop", fingerprint="one"))
    assert remedies.records(environment, None, "one") == {}


def test_a_run_that_is_no_response_or_came_too_late_is_not_recorded(environment: Environment) -> None:
    incident = make_incident(environment)
    remedies.note(make_run(environment, kind="backup"))
    Incident.objects.update(state=IncidentState.RESOLVED, resolved_at=timezone.now() - timedelta(hours=1))
    remedies.note(make_run(environment, kind="restart", started_at=timezone.now()))
    assert not incident.acts.exists()


def test_a_response_is_recorded_once(environment: Environment) -> None:
    incident = seen(environment, "crash-loop")
    remedies.note(ended(incident))
    act = PlaybookAct.objects.get(incident=incident)
    assert (act.kind, act.key, act.verdict) == (ActKind.RESPONSE, "restart", "succeeded")
    assert act.version == playbooks.find("crash-loop")
    assert incident.timeline.filter(text__startswith="Response “Restart”, succeeded").count() == 1


def test_an_incident_keeps_the_version_it_was_met_with(environment: Environment) -> None:
    incident = seen(environment, "crash-loop")
    ended(incident)
    playbook = Playbook.objects.get(key="crash-loop")
    playbooks.edit(playbook, {**playbooks.find("crash-loop").said, "symptom": "Another one."}, "ada")
    page = Browser(make_viewer()).get(incident.get_absolute_url())
    assert "version 1" in page.text
    assert "Another one." not in page.text


def form(playbook: Playbook, **changes: object) -> dict[str, str]:
    said = {**playbooks.find(playbook.key).said, **changes}
    lists = {name: json.dumps(said[name]) for name in ("signature", "diagnosis", "responses")}
    texts = {name: str(said[name]) for name in ("symptom", "fallback")}
    return {
        "key": playbook.key,
        "title": playbook.title,
        "section": playbook.section,
        "enabled": "on",
        **lists,
        **texts,
    }


def test_an_edit_in_the_admin_is_a_new_version_by_name() -> None:
    playbook, editor = (
        Playbook.objects.get(key="errors"),
        make_user("incidents.view_playbook", "incidents.change_playbook"),
    )
    Browser(editor).post(playbook.get_absolute_url(), **form(playbook, fallback="Call somebody."))
    found = playbooks.find("errors")
    assert (found.number, found.fallback, found.made_by) == (2, "Call somebody.", editor.get_username())


def test_a_mistake_is_said_beside_its_field_and_nothing_is_kept() -> None:
    playbook, editor = (
        Playbook.objects.get(key="errors"),
        make_user("incidents.view_playbook", "incidents.change_playbook"),
    )
    page = Browser(editor).post(playbook.get_absolute_url(), **form(playbook, responses=[{"do": "pray"}]))
    assert "Entry 1: “do” is one of restart" in page.text
    assert playbooks.find("errors").number == 1


def test_who_only_looks_changes_no_playbook() -> None:
    playbook, viewer = Playbook.objects.get(key="errors"), make_viewer()
    assert "symptom: " in Browser(viewer).get(playbook.get_absolute_url()).text
    assert Browser(viewer).post(playbook.get_absolute_url(), **form(playbook, fallback="x")).status == 403
    assert playbooks.find("errors").number == 1


def test_diagnosing_wants_its_permission_and_a_look_begins_nothing(environment: Environment) -> None:
    incident = seen(environment, "errors")
    assert Browser(make_viewer()).get(door(incident, "diagnose")).status == 403
    browser = Browser(make_user("incidents.view_incident", "incidents.collect_evidence"))
    assert "Nothing is changed" in browser.get(door(incident, "diagnose")).text
    assert not Run.objects.exists()
    browser.post(door(incident, "diagnose"), playbook="", reason="")
    assert Run.objects.get().params["version"] == playbooks.find("errors").pk


def test_the_commands_say_the_same(environment: Environment, capsys: pytest.CaptureFixture[str]) -> None:
    incident = seen(environment, "database")
    call_command("ops", "incident", "playbook", str(incident.pk))
    told = capsys.readouterr().out
    assert "because: its log (“database is locked”)" in told
    assert "ops restart demo   It is locked: a start ends SMS's connections. (not tried here yet)" in told
    call_command("ops", "playbooks")
    assert "crash-loop  §5.3.1   1        Container crash loop" in capsys.readouterr().out
