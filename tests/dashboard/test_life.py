"""Every page says when the clock of smsops, or its workers, stopped; and says nothing while they live."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from incidents.models import Pulse
from incidents.services import life, sweep
from smsops import signals
from tests.admin.browser import Browser, Page
from tests.factories import make_environment, make_user, make_watch

pytestmark = pytest.mark.django_db


def pulse(name: str, ago: float = 0) -> None:
    Pulse.objects.update_or_create(name=name, defaults={"at": timezone.now() - timedelta(seconds=ago)})


def a_page() -> Page:
    return Browser(make_user("smsops.view_run")).get(reverse("admin:smsops_run_changelist"))


def test_a_tick_of_beat_is_written_down() -> None:
    assert life.beat_at() is None
    signals.beat_ticked.send(None)
    assert timezone.now() - (life.beat_at() or timezone.now()) < timedelta(seconds=5)


def test_a_page_says_since_when_the_clock_stands_still() -> None:
    pulse(life.BEAT, ago=240)
    pulse(sweep.SCHEDULE, ago=240)
    assert "The clock of smsops stopped 4 min ago: no backup begins by itself." in a_page().one("p", "alarm").text


def test_a_page_tells_dead_workers_from_a_dead_beat() -> None:
    pulse(life.BEAT)
    pulse(sweep.SCHEDULE, ago=240)
    assert "Beat runs, but no worker answers it." in a_page().text


def test_workers_that_page_do_not_hide_that_nobody_looks_at_sms() -> None:
    pulse(life.BEAT)
    pulse(sweep.SCHEDULE)
    make_watch(make_environment(), looked_at=timezone.now() - timedelta(minutes=5))
    assert "No worker has looked at SMS since" in a_page().text


def test_while_all_lives_no_page_says_anything() -> None:
    pulse(life.BEAT)
    pulse(sweep.SCHEDULE)
    make_watch(make_environment())
    make_watch(make_environment(), looked_at=timezone.now() - timedelta(minutes=5))
    assert not a_page().all("p", "alarm")


def test_where_nothing_ever_ran_nothing_has_stopped() -> None:
    make_environment()
    assert life.complaint() == ""
