"""Sessions, sign-ins and histories do not stay for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.utils import timezone

from smsops import tasks
from smsops.models import SignIn
from smsops.signin import sessions
from tests.admin.browser import Browser
from tests.factories import make_user

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=5)


def a_change(user: User, ago: timedelta) -> LogEntry:
    """An entry in the history of the page of an account."""
    kind = ContentType.objects.get_for_model(User)
    return LogEntry.objects.create(
        user=user, content_type=kind, object_id=str(user.pk), action_flag=CHANGE, action_time=timezone.now() - ago
    )


def test_histories_reach_back_as_long_as_the_setting_says() -> None:
    user, span = make_user(), timedelta(days=settings.SMSOPS_HISTORY_DAYS)
    a_change(user, span + SECOND)
    kept = a_change(user, span - SECOND)
    tasks.tidy_people()
    assert list(LogEntry.objects.all()) == [kept]


def test_a_session_that_is_over_goes_and_its_sign_in_stays() -> None:
    user = make_user()
    Browser(user), Browser(user)
    over, going_on = SignIn.objects.order_by("pk").values_list("session_id", flat=True)
    Session.objects.filter(pk=over).update(expire_date=timezone.now() - SECOND)
    tasks.tidy_people()
    assert list(Session.objects.values_list("pk", flat=True)) == [going_on]
    assert SignIn.objects.count() == 2


def test_sign_ins_are_kept_for_a_year() -> None:
    user = make_user()
    Browser(user), Browser(user)
    old, new = SignIn.objects.order_by("pk")
    SignIn.objects.filter(pk=old.pk).update(at=timezone.now() - sessions.KEPT - SECOND)
    tasks.tidy_people()
    assert list(SignIn.objects.all()) == [new]
