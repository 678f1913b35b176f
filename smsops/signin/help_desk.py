"""What is done for people who cannot get in, or must not. By whom and why is sent to whoever keeps the record."""

from __future__ import annotations

from django.contrib.auth.models import User

from smsops.errors import WrongUse
from smsops.signin import devices, lockout, sessions
from smsops.text import count_text


def reset_device(user: User, author: User | str, reason: str) -> str:
    """Take the second factor of somebody who lost it; what was done, in a sentence."""
    _refuse_silence(reason)
    devices.remove(user, author, reason)
    return f"{user.get_username()} has no second factor any more; all sessions are ended."


def unlock(user: User, author: User | str, reason: str) -> str:
    """Let somebody try again who is locked out; what was done, in a sentence."""
    _refuse_silence(reason)
    count = lockout.lift(user, author, reason)
    return f"{user.get_username()} may try again; {count_text(count, 'wrong attempt')} forgotten."


def end_sessions(user: User, author: User | str, reason: str) -> str:
    """Put somebody out everywhere; what was done, in a sentence."""
    _refuse_silence(reason)
    name = author if isinstance(author, str) else author.get_username()
    count = sessions.end_all(user, f"Ended by {name}: {reason}"[:100])
    return f"{count_text(count, 'session')} of {user.get_username()} ended."


def _refuse_silence(reason: str) -> None:
    if not reason.strip():
        raise WrongUse("Say why: --reason.")
