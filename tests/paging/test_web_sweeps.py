"""When beat is dead, web requests do its round, behind their own backs; and every page says that nobody else does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.signals import request_finished
from django.urls import reverse
from django.utils import timezone

from incidents.models import Page, PageState, Pulse
from incidents.services import life, sweep
from smsops import afterwards
from smsops.models import Environment
from tests.admin.browser import Browser
from tests.factories import make_admin, make_user
from tests.paging.conftest import opened
from tests.paging.people import policy
from tests.paging.post import Post
from tests.places import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def driven(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Requests do the round, and did not just now."""
    settings.SMSOPS_WEB_SWEEPS = True
    monkeypatch.setattr(afterwards, "_looked", [-afterwards.EVERY])
    yield
    wait_for(at_rest, "the thread behind the request")


def at_rest() -> bool:
    return not [each for each in threading.enumerate() if each.name == "smsops-afterwards"]


@pytest.fixture
def duty(driven: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Make this the only duty."""

    def only(do: Callable[[], object]) -> None:
        monkeypatch.setattr(afterwards, "_DUTIES", {"it": afterwards.Duty("it", lambda: True, do)})

    return only


def pulse(name: str = sweep.SCHEDULE, ago: float = 0) -> None:
    Pulse.objects.update_or_create(name=name, defaults={"at": timezone.now() - timedelta(seconds=ago)})


def asked_for() -> int:
    return Browser().get(reverse("admin:login")).status


def test_a_request_sends_the_page_that_beat_does_not(
    driven: None, environment: Environment, ada: User, post: Post
) -> None:
    policy({"users": [ada]})
    opened(environment)
    pulse(ago=420)
    assert asked_for() == 200
    wait_for(lambda: Page.objects.filter(state=PageState.SENT).exists(), "the page")
    assert "late" in Page.objects.get().late or not Page.objects.get().late
    assert Pulse.objects.filter(name=sweep.WEB).exists()


def test_while_beat_lives_requests_do_nothing(driven: None) -> None:
    pulse()
    assert asked_for() == 200
    wait_for(at_rest, "the look")
    assert not Pulse.objects.filter(name=sweep.WEB).exists()


def test_a_request_does_not_wait_for_it(duty: Any) -> None:
    go, done = threading.Event(), threading.Event()

    def slowly() -> None:
        go.wait(30)
        done.set()

    duty(slowly)
    assert asked_for() == 200
    assert not done.is_set()
    go.set()
    assert done.wait(30)


def test_a_request_learns_nothing_of_its_failure(duty: Any, caplog: pytest.LogCaptureFixture) -> None:
    duty(lambda: 1 / 0)
    assert asked_for() == 200
    wait_for(at_rest, "the failure")
    assert "“it” could not be done after a request: division by zero" in caplog.text


def test_many_requests_at_once_begin_one_round(duty: Any) -> None:
    rounds, go = list[int](), threading.Event()

    def slowly() -> None:
        rounds.append(1)
        go.wait(30)

    duty(slowly)
    for _ in range(10):
        request_finished.send(None)
    go.set()
    wait_for(at_rest, "the round")
    request_finished.send(None)  # too soon after it
    wait_for(at_rest, "nothing")
    assert rounds == [1]


def test_it_can_be_switched_off(duty: Any, settings: Any) -> None:
    settings.SMSOPS_WEB_SWEEPS = False
    rounds: list[int] = []
    duty(lambda: rounds.append(1))
    asked_for()
    assert at_rest()
    assert not rounds


@pytest.mark.parametrize("where", ["admin:index", "admin:incidents_incident_changelist", "admin:auth_user_changelist"])
def test_every_page_says_that_nobody_sends_pages(where: str) -> None:
    pulse(ago=60)
    assert "Nobody sends pages since" in Browser(make_admin()).get(reverse(where)).text


def test_a_round_of_requests_does_not_hide_that_beat_is_dead() -> None:
    pulse(ago=60)
    pulse(sweep.WEB)
    assert "Nobody sends pages since" in Browser(make_user()).get(reverse("admin:index")).text


def test_where_beat_lives_and_no_worker_does_requests_do_the_round() -> None:
    pulse(ago=60)
    pulse(life.BEAT)
    assert sweep.needed()


def test_one_round_of_requests_at_a_time_is_enough() -> None:
    pulse(ago=60)
    pulse(sweep.WEB)
    assert not sweep.needed()


def test_when_beat_lives_no_page_says_anything() -> None:
    pulse()
    assert "Nobody sends pages" not in Browser(make_admin()).get(reverse("admin:index")).text


def test_a_beat_that_never_lived_is_missed_once_somebody_waits_for_a_page(environment: Environment, ada: User) -> None:
    assert sweep.complaint() == ""
    policy({"users": [ada]})
    opened(environment).escalations.update(due_at=timezone.now() - timedelta(minutes=1))
    assert "yet, though 1 incident would have somebody paged" in sweep.complaint()


def test_who_is_not_signed_in_is_told_nothing() -> None:
    pulse(ago=60)
    assert "Nobody sends pages" not in Browser().get(reverse("admin:login")).text
