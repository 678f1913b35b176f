"""What of people would grow without an end: sessions that are over, sign-ins, and the histories of Django's admin."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from smsops.models import SignIn
from smsops.signin import sessions


def tidy() -> None:
    """Let go of what is past its time. The audit trail has what the histories tell, and stays."""
    now = timezone.now()
    SessionStore.clear_expired()
    SignIn.objects.filter(at__lt=now - sessions.KEPT).delete()
    LogEntry.objects.filter(action_time__lt=now - timedelta(days=settings.SMSOPS_HISTORY_DAYS)).delete()
