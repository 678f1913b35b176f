"""Silences, maintenance windows and changes of ours: what they keep quiet, what never, and that they end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from incidents.models import Alert, FactKind, Incident, MaintenanceWindow, Silence
from incidents.services import aging, facts, quiet
from smsops.models import Environment, RunState
from tests.factories import make_environment, make_incident, make_run
from tests.intake.senders import Sender, alert

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def silence(environment: Environment, hours: float = 1, **match: str) -> Silence:
    now = timezone.now()
    found = Silence(environment=environment, match=match or {"alertname": "Slow"}, starts_at=now,
                    ends_at=now + timedelta(hours=hours), reason="we know")  # fmt: skip
    found.full_clean()
    found.save()
    return found


def end(found: Silence) -> None:
    Silence.objects.filter(pk=found.pk).update(ends_at=timezone.now())


def window(environment: Environment, **fields: Any) -> MaintenanceWindow:
    defaults = {"title": "New disks", "starts_at": timezone.now(), "minutes": 60}
    found = MaintenanceWindow(environment=environment, **{**defaults, **fields})
    found.full_clean()
    found.save()
    return found


def test_a_silenced_alert_is_seen_and_opens_nothing(environment: Environment, prometheus: Sender) -> None:
    silence(environment)
    prometheus.tell(alert(), alert("Full"))
    assert Alert.objects.get(name="Slow").quiet.endswith("we know")
    assert Incident.objects.get().alerts.get().name == "Full"


def test_when_a_silence_ends_what_still_fires_opens_an_incident(environment: Environment, prometheus: Sender) -> None:
    found = silence(environment)
    prometheus.tell(alert())
    aging.look()
    assert not Incident.objects.exists()
    end(found)
    aging.look()
    assert Incident.objects.get() == Alert.objects.get(quiet="").incident


def test_what_ended_within_the_silence_wakes_nobody_afterwards(environment: Environment, prometheus: Sender) -> None:
    found = silence(environment)
    prometheus.tell(alert())
    prometheus.tell(alert(over=True))
    end(found)
    aging.look()
    assert not Incident.objects.exists()


def test_a_silence_that_comes_later_stops_the_paging_of_what_it_fits(
    environment: Environment, prometheus: Sender
) -> None:
    prometheus.tell(alert())
    incident, now = Incident.objects.get(), timezone.now()
    assert quiet.of(incident, now) == ""
    silence(environment)
    aging.look()
    assert quiet.of(incident, timezone.now()).startswith("Silenced until")


def test_an_incident_with_another_alert_is_still_paged(environment: Environment, prometheus: Sender) -> None:
    prometheus.tell(alert(), alert("Slow", host="web2"))
    silence(environment, alertname="Slow", host="web2")
    aging.look()
    assert quiet.of(Incident.objects.get(), timezone.now()) == ""


def test_a_silence_of_another_environment_changes_nothing(prometheus: Sender) -> None:
    silence(make_environment())
    prometheus.tell(alert())
    assert Incident.objects.exists()


def test_a_silence_ends_within_seven_days_and_fits_not_everything(environment: Environment) -> None:
    for wrong in ({"hours": 8 * 24}, {"hours": -1}, {"alertname": "*"}):
        with pytest.raises(ValidationError):
            silence(environment, **wrong)


def test_a_window_excuses_that_sms_is_away_and_nothing_else(environment: Environment, prometheus: Sender) -> None:
    window(environment)
    prometheus.tell(alert("APIDown"), alert("BackupFailed"), alert("UnauthorizedAccess"))
    assert Alert.objects.get(name="APIDown").quiet == "Maintenance: New disks"
    assert sorted(Alert.objects.filter(quiet="").values_list("name", flat=True)) == [
        "BackupFailed",
        "UnauthorizedAccess",
    ]


def test_a_window_that_is_over_or_off_excuses_nothing(environment: Environment) -> None:
    window(environment, starts_at=timezone.now() - 2 * DAY)
    window(environment, enabled=False)
    window(environment, starts_at=timezone.now() + DAY)
    assert not quiet.at(environment)


def holds(found: MaintenanceWindow, year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> bool:
    return found.holds(datetime(year, month, day, hour, minute, tzinfo=UTC))


def test_a_daily_window_keeps_its_time_of_day_when_clocks_change() -> None:
    found = MaintenanceWindow(
        starts_at=datetime(2026, 3, 27, 1, tzinfo=UTC), minutes=60, repeats="daily", zone="Europe/Athens",
        until=date(2026, 4, 30), enabled=True,
    )  # fmt: skip
    assert holds(found, 2026, 3, 28, 1, 30)  # 03:30 in winter
    assert holds(found, 2026, 3, 30, 0, 30)  # 03:30 in summer
    assert not holds(found, 2026, 3, 30, 1, 30)
    assert not holds(found, 2026, 5, 1, 0, 30)


def test_a_window_over_midnight_and_over_a_change_of_clocks_lasts_its_minutes() -> None:
    found = MaintenanceWindow(
        starts_at=datetime(2026, 3, 28, 22, tzinfo=UTC), minutes=240, repeats="weekly", zone="Europe/Berlin",
        until=date(2026, 4, 30), enabled=True,
    )  # fmt: skip
    assert holds(found, 2026, 3, 29, 1, 59)  # began at 23:00, and at 02:00 it became 03:00
    assert not holds(found, 2026, 3, 29, 2, 1)
    assert not holds(found, 2026, 3, 29, 21, 30)
    assert holds(found, 2026, 4, 4, 21, 30)


@pytest.mark.parametrize(
    "wrong",
    [{"zone": "Mars/Base"}, {"minutes": 0}, {"minutes": 1441}, {"repeats": "daily"}, {"repeats": "weekly"},
     {"repeats": "daily", "minutes": 721, "until": timezone.now().date() + DAY},
     {"repeats": "weekly", "until": timezone.now().date() + 500 * DAY},
     {"repeats": "weekly", "until": timezone.now().date() - DAY}],
)  # fmt: skip
def test_a_window_that_would_not_end_is_refused(environment: Environment, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        window(environment, **wrong)


def test_a_change_of_ours_excuses_what_it_disturbs_while_it_is_at_work(environment: Environment) -> None:
    run = make_run(environment, kind="deploy", title="Deploy 1.18.0", disturbs=True, state=RunState.RUNNING)
    assert quiet.at(environment).reason("service", {}) == f"Deploy 1.18.0 (run {run.pk}) is under way"
    assert quiet.at(environment).reason("data", {}) == ""


def test_a_change_that_takes_longer_than_sms_may_be_away_excuses_nothing(environment: Environment) -> None:
    late = timezone.now() - timedelta(minutes=environment.rto_minutes + 1)
    make_run(environment, kind="deploy", disturbs=True, state=RunState.RUNNING, started_at=late)
    make_run(environment, kind="deploy", disturbs=True, state=RunState.PLANNED, started_at=None)
    assert not quiet.at(environment)


def test_an_incident_that_no_alert_opened_is_excused_by_its_kind_alone(environment: Environment) -> None:
    incident = make_incident(environment, issue="service")
    silence(environment)
    assert quiet.of(incident, timezone.now()) == ""
    window(environment)
    assert quiet.of(incident, timezone.now()) == "Maintenance: New disks"


def test_a_silence_still_counts_where_a_fact_ends_the_quiet_of_a_window(
    environment: Environment, prometheus: Sender
) -> None:
    prometheus.tell(alert())
    window(environment)
    aging.look()
    incident = Incident.objects.get()
    assert quiet.of(incident, timezone.now()) == "Maintenance: New disks"
    facts.establish(incident, FactKind.ROWS_LOST, "5 of students")
    assert quiet.of(incident, timezone.now()) == ""
    silence(environment)
    aging.look()
    assert quiet.of(incident, timezone.now()).startswith("Silenced until")


def test_a_change_excuses_nothing_of_what_went_wrong_with_it(environment: Environment) -> None:
    run = make_run(environment, kind="deploy", title="Deploy 1.18.0", disturbs=True, state=RunState.UNDOING)
    incident = make_incident(environment, issue="service", fingerprint=f"run:{run.pk}")
    assert quiet.at(environment).reason("service", {})
    assert quiet.of(incident, timezone.now()) == ""
