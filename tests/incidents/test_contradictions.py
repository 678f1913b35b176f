"""Recovery is decided by checks: who calls an incident over while one is red says why, and it stays to be seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents import selectors
from incidents.models import Alert, Incident, Watch
from incidents.services import contradictions, incidents, lifecycle
from smsops.errors import WrongUse
from smsops.models import Environment
from tests.factories import make_alert, make_check_result, make_run, make_watch
from tests.incidents.conftest import LATE
from tests.monitoring.figures import figures


@pytest.fixture
def incident(environment: Environment) -> Incident:
    return incidents.report(environment, LATE)[0]


def down(environment: Environment, **fields: Any) -> Watch:
    return make_watch(environment, **{"status": "down", "ready": False, "detail": "connection refused", **fields})


def test_resolving_while_something_is_red_needs_a_reason_and_is_contradicted(
    incident: Incident, somebody: User
) -> None:
    down(incident.environment)
    with pytest.raises(WrongUse, match=r"^SMS is down: connection refused\. Say why it is over nevertheless\.$"):
        lifecycle.resolve(incident, "Fixed.", somebody)
    lifecycle.resolve(incident, "Fixed.", somebody, "The probe is wrong.")
    found = Incident.objects.get()
    assert (found.contradicts, found.contradicted) == (True, "SMS is down: connection refused.")
    assert found.timeline.latest("pk").text.endswith("Why: The probe is wrong.")


def test_it_is_contradicted_until_what_was_red_is_green(incident: Incident, somebody: User) -> None:
    watch = down(incident.environment)
    make_alert(incident=incident, name="Slow")
    lifecycle.resolve(incident, "Fixed.", somebody, "The probe is wrong.")
    assert contradictions.settle() == 0
    Watch.objects.filter(pk=watch.pk).update(status="healthy", ready=True)
    assert contradictions.settle() == 0  # the alert still fires
    Alert.objects.update(state="resolved")
    assert (contradictions.settle(), contradictions.settle()) == (1, 0)
    found = Incident.objects.get()
    assert (found.contradicts, bool(found.settled_at)) == (False, True)
    assert found.contradicted.startswith("SMS is down")  # that it was stays


def test_smsops_itself_is_not_asked_why(incident: Incident) -> None:
    down(incident.environment)
    lifecycle.resolve(incident, "It is well again.")
    assert not Incident.objects.get().contradicted


def test_what_was_seen_too_long_ago_and_what_it_is_not_about_are_no_red(incident: Incident) -> None:
    watch = down(incident.environment, looked_at=timezone.now() - timedelta(minutes=5))
    assert contradictions.red(incident) == []
    Watch.objects.filter(pk=watch.pk).update(looked_at=timezone.now())
    incident.issue = "security"
    assert contradictions.red(incident) == []


def test_a_check_that_failed_and_did_not_pass_since_is_red(incident: Incident) -> None:
    now = timezone.now()
    check: dict[str, Any] = {
        "environment": incident.environment,
        "stage": "checklist",
        "key": "login",
        "title": "Sign in",
    }
    make_check_result(**check, verdict="fail", at=now + timedelta(seconds=1))
    assert contradictions.red(incident) == ["This check fails: Sign in."]
    make_check_result(**check, verdict="pass", at=now + timedelta(seconds=2))
    assert contradictions.red(incident) == []
    undone = make_run(incident.environment, state="failed_undone")
    make_check_result(**check, verdict="fail", run=undone, at=now + timedelta(seconds=3))
    make_check_result(**check | {"key": "x"}, verdict="fail", at=now - timedelta(days=1))
    assert contradictions.red(incident) == []


def test_opened_again_it_is_contradicted_no_more(incident: Incident, somebody: User) -> None:
    down(incident.environment)
    lifecycle.resolve(incident, "Fixed.", somebody, "The probe is wrong.")
    lifecycle.reopen(incident, "It was not.", somebody)
    assert (Incident.objects.get().contradicted, contradictions.settle()) == ("", 0)


@pytest.mark.parametrize(("seconds", "word"), [(80, "not ready"), (91, "unknown")])
def test_pages_figures_and_what_contradicts_have_one_word_for_how_sms_is(
    incident: Incident, seconds: int, word: str
) -> None:
    place = incident.environment
    make_watch(place, ready=False, looked_at=timezone.now() - timedelta(seconds=seconds))
    assert selectors.status(place).health == word
    assert f'sms_status{{environment="{place.name}",status="{word}"}}' in figures()
    assert [said.split(":")[0] for said in contradictions.red(incident)] == ["SMS is not ready"] * (word == "not ready")


def test_of_each_check_only_what_it_said_last_is_read(incident: Incident) -> None:
    for second in range(20):
        said: dict[str, Any] = {"environment": incident.environment, "key": "login", "title": "Sign in"}
        make_check_result(**said, verdict="fail", at=timezone.now() + timedelta(seconds=second))
    with CaptureQueriesContext(connection) as asked:
        assert contradictions.red(incident) == ["This check fails: Sign in."]
    (query,) = [each["sql"] for each in asked if "checkresult" in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(query)
        assert len(cursor.fetchall()) == 1


def test_what_is_not_green_within_a_week_is_looked_at_no_more_and_says_so(
    incident: Incident, somebody: User, django_assert_num_queries: Any
) -> None:
    watch = down(incident.environment)
    lifecycle.resolve(incident, "Fixed.", somebody, "The probe is wrong.")
    Incident.objects.update(resolved_at=timezone.now() - timedelta(days=6))
    assert (contradictions.settle(), Incident.objects.get().contradicted) == (0, "SMS is down: connection refused.")
    Incident.objects.update(resolved_at=timezone.now() - timedelta(days=8))
    assert contradictions.settle() == 0
    Watch.objects.filter(pk=watch.pk).update(status="healthy", ready=True)
    with django_assert_num_queries(1):
        assert contradictions.settle() == 0
    found = Incident.objects.get()
    assert found.contradicts
    assert found.contradicted.endswith("\nIt was not green within 7 days; smsops does not look any more.")
    assert found.timeline.latest("pk").text.startswith("Something still contradicts that it is resolved: SMS is down")
