"""The second factor of a person: an authenticator app, and backup codes for when it is lost."""

from __future__ import annotations

import math
import os
import secrets
from base64 import b32encode
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django_otp import verify_token
from django_otp.models import Device
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken

from smsops import signals
from smsops.errors import OpsError, WrongUse
from smsops.fields import seal
from smsops.models import Authenticator, BackupCodes
from smsops.signin import sessions

KEY_BYTES = 20  # RFC 4226 §4
CODE_DIGITS, BACKUP_DIGITS, BACKUP_COUNT = 6, 10, 10
WRONG = "This code is not right. Wait for the next one and type that."


class WrongCode(WrongUse):
    """A code was tried, and it was not right."""


@dataclass(frozen=True)
class Draft:
    """An authenticator that is being set up: nothing of it is kept before a code of it was typed."""

    user: User
    key: bytes

    @classmethod
    def new(cls, user: User) -> Draft:
        return cls(user, os.urandom(KEY_BYTES))

    @property
    def words(self) -> str:
        """The key as people type it where no camera is at hand, in groups of four."""
        text = b32encode(self.key).decode()
        return " ".join(text[start : start + 4] for start in range(0, len(text), 4))

    @property
    def address(self) -> str:
        """What the QR code says (otpauth://…)."""
        return str(Authenticator(user=self.user, key=seal(self.key)).config_url)


def authenticator_of(user: User) -> Authenticator | None:
    """The person's authenticator, where one is set up."""
    found: Authenticator | None = Authenticator.objects.filter(user=user, confirmed=True).first()
    return found


def codes_left(user: User) -> int:
    """How many backup codes were not used yet."""
    return int(StaticToken.objects.filter(device__user=user).count())


def confirm(draft: Draft, typed: str, keep: str | None = None) -> tuple[Authenticator, list[str]]:
    """Keep the authenticator, now that a code of it was typed; return it and ten backup codes, never to be seen again.

    One that was there before is replaced. All sessions of the person end but that of the key `keep`. Raises WrongCode.
    """
    totp = TOTP(draft.key)
    code = digits(typed)
    if len(code) != CODE_DIGITS or not totp.verify(int(code), tolerance=1):
        raise WrongCode(WRONG)
    with transaction.atomic():
        if authenticator_of(draft.user):
            remove(draft.user, draft.user, "Another one replaces it.", keep)
        fields = {
            "key": seal(draft.key),
            "name": "Authenticator app",
            "last_t": totp.t(),
            "last_used_at": timezone.now(),
        }
        device = Authenticator.objects.create(user=draft.user, confirmed=True, **fields)
        sessions.end_all(draft.user, "The second factor was changed.", keep)
        signals.device_added.send(Authenticator, user=draft.user)
        return device, make_codes(draft.user)


def make_codes(user: User) -> list[str]:
    """Ten new backup codes, like `12345 67890`; those from before count no more."""
    codes = [f"{secrets.randbelow(10**BACKUP_DIGITS):0{BACKUP_DIGITS}}" for _ in range(BACKUP_COUNT)]
    with transaction.atomic():
        # The same row: whoever came in by one of its codes stays in.
        device, _ = BackupCodes.objects.get_or_create(user=user, defaults={"name": "Backup codes"})
        BackupCodes.objects.filter(pk=device.pk).update(throttling_failure_count=0, throttling_failure_timestamp=None)
        device.token_set.all().delete()
        StaticToken.objects.bulk_create(StaticToken(device=device, token=device.digest(code)) for code in codes)
    signals.backup_codes_made.send(BackupCodes, user=user)
    return [f"{code[:5]} {code[5:]}" for code in codes]


def verify(user: User, typed: str) -> Device:
    """The device that the code is of, which counts no more from now on.

    Raises WrongCode for a wrong one, and OpsError where none may be tried now or the field key is another one.
    """
    code = digits(typed)
    if len(code) not in (CODE_DIGITS, BACKUP_DIGITS):
        raise OpsError(f"A code has {CODE_DIGITS} digits, a backup code {BACKUP_DIGITS}.")
    kind = Authenticator if len(code) == CODE_DIGITS else BackupCodes
    device = kind.objects.filter(user=user, confirmed=True).first()
    if device is None:
        raise WrongCode(WRONG)
    allowed, why = device.verify_is_allowed()
    if not allowed and why:
        seconds = math.ceil((why["locked_until"] - timezone.now()).total_seconds())
        raise OpsError(f"Too many wrong codes. Try again in {max(1, seconds)} s.")
    found = verify_token(user, device.persistent_id, code)
    if found is None:
        raise WrongCode(WRONG)
    if isinstance(found, BackupCodes):
        signals.backup_code_used.send(BackupCodes, user=user, left=codes_left(user))
    return found


def remove(user: User, author: User | str, reason: str, keep: str | None = None) -> None:
    """Take the second factor away, backup codes included, and end the person's sessions but that of the key `keep`."""
    with transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        BackupCodes.objects.filter(user=user).delete()
        sessions.end_all(user, "The second factor was taken away.", keep)
        signals.device_removed.send(Authenticator, user=user, author=author, reason=reason)


def digits(typed: str) -> str:
    """A code as people type it, without blanks and dashes; anything else in it makes it empty."""
    bare = "".join(typed.replace("-", " ").split())
    return bare if bare.isascii() and bare.isdecimal() else ""
