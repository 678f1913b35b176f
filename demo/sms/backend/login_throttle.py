"""After so many wrong passwords an account is locked for a while, across restarts: the database remembers."""

from __future__ import annotations

from datetime import timedelta
from math import ceil

from backend.account_models import User
from backend.clock import now
from backend.config import settings
from backend.errors import refusal


def refuse_locked(user: User) -> None:
    """Raise 429 with Retry-After while the lock holds."""
    until = user.lockout_until
    if until is None or until <= now():
        return
    seconds = ceil((until - now()).total_seconds())
    text = "Account temporarily locked after too many failed sign-ins"
    error = refusal(429, "AUTH_ACCOUNT_LOCKED", text, lockout_until=until.isoformat())
    error.headers = {"Retry-After": str(seconds)}
    raise error


def failed(user: User) -> None:
    """Count a wrong password; the last allowed one sets the lock."""
    previous = user.last_failed_login_at
    if previous is None or now() - previous > timedelta(seconds=settings.login_window):
        user.failed_login_attempts = 0
    user.failed_login_attempts += 1
    user.last_failed_login_at = now()
    if user.failed_login_attempts >= settings.login_attempts:
        user.lockout_until = now() + timedelta(seconds=settings.login_lockout)
        user.failed_login_attempts = 0


def succeeded(user: User) -> None:
    """Forget the failures."""
    user.failed_login_attempts, user.last_failed_login_at, user.lockout_until = 0, None, None
