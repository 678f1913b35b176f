"""What makes the forms acceptable whose fields hold nothing likely by themselves: by model and page, of an object."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from incidents.models import ActionItem, AlertSource, Channel, Contact, Playbook, Rota, Silence
from smsops.models import Webhook
from tests.factories import make_environment

PASSWORD = "a-Tin-of-9-trombones"

NEVER_SHOWN = {"secret": "of several lines, and sent back as little as a password is"}  # fields that come back empty

ELSEWHERE = {  # what is wrong with a field that is rightly told beside another
    "file": "taken_at",  # its name does not tell when the data is from: that is asked for there
    "password1": "password2",  # the two are not the same
    "new_password1": "new_password2",
}

LEFT_OUT = {  # by page: a choice of two in Django's own template, whose error, which only a forger sees, is not tied
    "auth_user_password_change": frozenset({"usable_password"}),
}


def _soon(_: Any) -> dict[str, Any]:
    until = timezone.localtime(timezone.now() + timedelta(hours=2))
    return {"match": '{"alertname": "Slow"}', "ends_at": f"{until:%Y-%m-%dT%H:%M:%S}", "reason": "we know"}


def _a_day(_: Any) -> dict[str, Any]:
    return {"overrides-0-ends_at": "2026-02-04T10:00"}


RIGHT: dict[Any, Callable[[Any], dict[str, Any]]] = {
    (ActionItem, "add"): lambda item: {"incident": str(item.incident_id)},
    (AlertSource, "add"): lambda _: {"environment": str(make_environment().pk)},
    (Channel, "add"): lambda _: {"address": "json://ops.example/"},
    (Contact, "add"): lambda _: {"address": "maria@school.example", "way": "email"},
    (PeriodicTask, "add"): lambda task: {"name": "Another", "task": "smsops.sweep", "interval": str(task.interval_id)},
    (Playbook, "add"): lambda _: {"key": "another", "symptom": "It is slow."},
    (Rota, "add"): _a_day,
    (Rota, "change"): _a_day,
    (Silence, "add"): _soon,
    (Silence, "change"): _soon,
    (User, "add"): lambda _: {"password1": PASSWORD, "password2": PASSWORD},
    (Webhook, "add"): lambda _: {"url": "https://ops.example/hooks"},
    "auth_user_password_change": lambda _: {"password1": PASSWORD, "password2": PASSWORD},
    "password_change": lambda _: {"old_password": "secret", "new_password1": PASSWORD, "new_password2": PASSWORD},
}
