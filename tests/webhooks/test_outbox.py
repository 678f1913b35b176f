"""What webhooks are told, and when: with every change, in its transaction, and of private things nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from backups.services import backups
from deployments.services import releases
from incidents.models import Incident, Severity
from incidents.services import hiding, incidents, lifecycle
from incidents.services.incidents import Sign
from smsops.models import DeliveryState, Environment, Run, RunState, WebhookDelivery
from smsops.runs import approvals, cancel, journal, leases, plan
from smsops.runs.plan import By
from smsops.webhooks import outbox
from smsops.webhooks.events import EVENTS
from tests.admin.scenes import a_waiting_run
from tests.factories import (
    CANARY,
    SMOKE,
    make_admin,
    make_backup,
    make_delivery,
    make_environment,
    make_release,
    make_run,
    make_webhook,
)
from tests.places import Place, drive

pytestmark = pytest.mark.django_db


def told(event: str = "") -> list[dict[str, Any]]:
    found = [json.loads(each.body) for each in WebhookDelivery.objects.order_by("pk")]
    return [each for each in found if not event or each["type"] == event]


def moved(run: Run, *states: str) -> None:
    held = leases.claim(run.lease_scope)
    assert held is not None
    for state in states:
        journal.move(held, run, state)


def an_incident(**fields: Any) -> Incident:
    sign = Sign("sign-1", Severity.HIGH, "SMS is slow", "It takes 9 s", **fields)
    return incidents.report(make_environment(), sign)[0]


def test_a_run_tells_when_it_begins_and_how_it_ends() -> None:
    make_webhook()
    run = make_run(state=RunState.QUEUED, kind="deploy", title="Deploy 1.18.0")
    moved(run, RunState.RUNNING, RunState.UNDOING, RunState.NEEDS_HUMAN)
    assert [each["type"] for each in told() if "run" in each["type"]] == [
        "run.started", "run.undoing", "run.ended", "run.needs_human",
    ]  # fmt: skip
    data = told("run.ended")[0]["data"]
    assert (data["object"], data["environment"], data["state"]) == (f"run:{run.pk}", run.environment.name, run.state)


def test_a_run_that_waits_for_a_second_person_tells_so_and_what_became_of_it() -> None:
    make_webhook()
    run = a_waiting_run()
    approvals.refuse(run, By(name="otto", reason="not now"))
    assert [each["type"] for each in told() if each["data"]["object"] == f"run:{run.pk}"] == [
        "run.waiting", "run.ended"
    ]  # fmt: skip


def test_a_waiting_run_that_is_cancelled_tells_that_it_ended() -> None:
    make_webhook()
    cancel.request(a_waiting_run(), By(name="maria"))
    assert len(told("run.ended")) == 1


def test_what_is_rolled_back_was_never_told() -> None:
    make_webhook()
    environment = make_environment()
    before = len(told())
    with pytest.raises(RuntimeError), transaction.atomic():
        plan.submit(backups.plan(environment), By(name="test"))
        an_incident()
        raise RuntimeError
    assert len(told()) == before
    assert not Incident.objects.exists()


def test_a_backup_that_fails_is_told_apart_from_other_runs() -> None:
    make_webhook()
    for kind in ("backup", "deploy"):
        moved(make_run(state=RunState.QUEUED, kind=kind), RunState.RUNNING, RunState.SAFE)
    assert [each["data"]["kind"] for each in told("backup.failed")] == ["backup"]


@pytest.mark.parametrize(
    ("event", "make"),
    [
        ("backup.made", make_backup),
        ("release.announced", lambda: make_release(make_environment())),
        ("environment.created", make_environment),
    ],
)
def test_what_is_new_is_told_once(event: str, make: Callable[[], Any]) -> None:
    make_webhook()
    row = make()
    row.save()
    assert [each["data"]["object"] for each in told(event)] == [f"{event.partition('.')[0]}:{row.pk}"]


def test_releases_that_are_imported_again_are_no_news() -> None:
    environment = make_environment()
    make_release(environment, "1.18.0")
    make_webhook()
    releases.import_all(environment)
    assert told("release.announced") == []


def test_an_environment_that_changes_tells_nothing_of_its_secrets() -> None:
    environment = make_environment(**SMOKE)
    make_webhook()
    environment.save()
    assert len(told("environment.changed")) == 1
    assert CANARY not in json.dumps(told())


def test_an_incident_tells_of_its_whole_life() -> None:
    make_webhook()
    incident, user = an_incident(), make_admin()
    lifecycle.acknowledge(incident, user)
    lifecycle.mitigate(incident, "It serves again.")
    lifecycle.resolve(incident, "The disk was full.")
    lifecycle.close(incident, "Nothing is left.", user)
    lifecycle.reopen(incident, "It was not over.", user)
    with transaction.atomic():
        incidents.set_severity(incident, Severity.LOW, "It is less bad.")
    assert [each["type"].partition(".")[2] for each in told() if each["type"].startswith("incident")] == [
        "opened", "acknowledged", "mitigated", "resolved", "closed", "reopened", "severity_changed",
    ]  # fmt: skip


def test_of_a_private_incident_only_that_it_moved_is_told() -> None:
    make_webhook()
    incident = an_incident(private=True)
    lifecycle.acknowledge(incident, make_admin())
    assert [each["data"] for each in told() if "incident" in each["type"]] == [
        {"object": f"incident:{incident.pk}"}
    ] * 2


def test_what_waits_says_nothing_any_more_once_the_incident_is_private() -> None:
    make_webhook()
    incident = an_incident()
    assert "slow" in json.dumps(told("incident.opened"))
    hiding.hide(incident, make_admin(), "it is about a person")
    assert told("incident.opened")[0]["data"] == {"object": f"incident:{incident.pk}"}


def test_a_run_that_looks_at_a_private_incident_tells_nothing_of_itself() -> None:
    incident = an_incident(private=True)
    make_webhook()
    run = make_run(incident.environment, kind="evidence", params={"incident": incident.pk}, state=RunState.QUEUED)
    moved(run, RunState.RUNNING)
    assert told("run.started")[0]["data"] == {"object": f"run:{run.pk}"}


def test_a_webhook_is_told_what_it_chose_where_it_chose() -> None:
    here, there = make_environment(), make_environment()
    hook = make_webhook(events=["backup.made"], environment=here)
    make_webhook(active=False)
    make_backup(here)
    make_backup(there)
    moved(make_run(here, state=RunState.QUEUED), RunState.RUNNING)
    assert [(each.webhook, each.event) for each in WebhookDelivery.objects.all()] == [(hook, "backup.made")]


def test_every_event_that_is_told_can_be_chosen() -> None:
    assert len(EVENTS) == 17
    assert not [name for name, what in EVENTS.items() if not what or "." not in name]


def test_data_that_cannot_be_had_stops_nobody() -> None:
    make_webhook()

    def broken() -> dict[str, Any]:
        raise KeyError("x")

    outbox.tell("run.ended", "run:7", broken, None)
    assert told()[0]["data"] == {"object": "run:7"}


def test_secrets_in_what_is_told_are_taken_out() -> None:
    make_webhook()
    outbox.tell("run.ended", "run:7", lambda: {"cause": f"password={CANARY}"}, None)
    assert CANARY not in json.dumps(told())


def test_what_is_older_than_a_month_is_forgotten() -> None:
    old, new = make_delivery(), make_delivery()
    WebhookDelivery.objects.filter(pk=old.pk).update(created_at=timezone.now() - outbox.KEPT, state=DeliveryState.SENT)
    assert outbox.tidy() == 1
    assert list(WebhookDelivery.objects.all()) == [new]


@pytest.mark.django_db(transaction=True)
def test_a_real_backup_tells_of_itself(process_place: Place) -> None:
    process_place.deploy("1.18.0")
    make_webhook()
    run = drive(backups.request(Environment.objects.get(pk=process_place.environment.pk), By(name="test")))
    assert [each["type"] for each in told()] == ["run.started", "backup.made", "run.ended"]
    assert run.state == RunState.SUCCEEDED
