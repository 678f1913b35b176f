"""A real Prometheus asks smsops, a real Alertmanager tells it: an incident begins and ends; with what smsops prints."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from incidents.models import AlertSource, Incident
from incidents.monitoring import stack
from incidents.monitoring.stack import RULES, Site, Sms
from incidents.services import digestion
from smsops.models import Environment, Run, RunState
from tests.factories import make_environment, make_run
from tests.intake.alertmanagers import Alertmanager, running
from tests.intake.doors import door
from tests.intake.senders import sender
from tests.monitoring.tools import prometheus
from tests.places import wait_for

pytestmark = [pytest.mark.alertmanager, pytest.mark.django_db(transaction=True)]


def quick(text: str) -> str:
    """The same configuration or rules for people without patience."""
    text = re.sub(r"(scrape_interval|scrape_timeout): \w+", r"\1: 3s", text)  # a busy machine takes more than one
    text = re.sub(r"(evaluation_interval|group_interval|repeat_interval): \w+", r"\1: 1s", text)
    return re.sub(r"(for|group_wait): \w+", r"\1: 0s", text)


def tokens(folder: Path, environment: Environment) -> str:
    """A file for each token, as `ops source --token-file` makes them."""
    folder.mkdir()
    (folder / "school.token").write_text(sender(environment).token)
    (folder / "watchdog.token").write_text(sender(environment, "heartbeat", name="watchdog", every_seconds=120).token)
    (folder / "metrics.token").write_text(secrets.token_urlsafe(32))
    return (folder / "metrics.token").read_text()


def incident() -> Incident | None:
    """The one about the run nobody works on, once it is read."""
    digestion.digest_all()
    return Incident.objects.filter(alerts__name="SmsopsRunUnattended").first()


def over() -> bool:
    found = incident()
    return found is not None and found.state == "resolved"


def heard() -> bool:
    """Whether Alertmanager has told that all of them live: its first message about that may be the last of all."""
    digestion.digest_all()
    return AlertSource.objects.filter(name="watchdog", last_heard_at__isnull=False).exists()


def test_a_run_nobody_works_on_is_an_incident_until_somebody_does(
    transactional_db: None, tmp_path: Path, settings: Any
) -> None:
    school, long_ago = make_environment(name="school"), timezone.now() - timedelta(minutes=9)
    run = make_run(school, state=RunState.RUNNING, next_tick_at=long_ago)
    settings.SMSOPS_METRICS_TOKEN = tokens(tmp_path / "tokens", school)
    with door(tmp_path, SMSOPS_METRICS_TOKEN_FILE=str(tmp_path / "tokens" / "metrics.token")) as ours:
        theirs = Alertmanager(tmp_path / "alertmanager")
        site = Site(ours.address(""), f"127.0.0.1:{theirs.port}", str(tmp_path / "tokens"))
        (tmp_path / RULES.name).write_text(quick(RULES.read_text()))
        with (
            running(theirs, quick(stack.alertmanager(site, ["school"]))),
            prometheus(tmp_path, quick(stack.prometheus(site, [Sms("school", school.base_url)]))),
        ):
            found = wait_for(incident, "the incident", 90)
            assert (found.title, found.environment, found.severity) == (
                "Nobody works on runs of school",
                school,
                "high",
            )
            Run.objects.filter(pk=run.pk).update(state=RunState.SUCCEEDED, end_announced=True)
            assert wait_for(over, "its end", 90)
            assert wait_for(heard, "the watchdog", 90)
