"""How the settings are read: one that cannot be meant ends the program at its start, with a sentence that names it."""

from __future__ import annotations

import logging
import math
import os
import re
import sys
import zoneinfo
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

NOTSET = environ.Env.NOTSET
YES, NO = ("1", "true", "yes", "y", "on", "ok"), ("0", "false", "no", "n", "off")
ZERO_IS_FINE = ("SMSOPS_SUDO_MINUTES", "SMSOPS_PERSONAL_DAYS", "SMSOPS_ROUTINE_DAYS", "SMSOPS_TEST_DAYS")
MOST = {"SMSOPS_EMAIL_PORT": 65535}
DATABASES = ("sqlite", "postgresql", "postgres", "psql", "pgsql")
BROKERS = ("folder", "redis", "rediss")
SECRET = ("SMSOPS_DATABASE_URL", "SMSOPS_BROKER_URL")  # may have a password in them
GUNICORN_GIVES_UP = 3  # the exit code after which it does not start another worker
MODES = ("required", "offered", "off")  # of the second factor (smsops/signin/policy.py)


class Settings(environ.FileAwareEnv):  # type: ignore[misc]  # it has no types
    """Reads a setting from the environment, or from the file that `…_FILE` names. An empty number or switch counts as
    none given: that is what compose hands on for what nobody set."""

    def get_value(self, var: Any, cast: Any = None, default: Any = NOTSET, parse_default: Any = False) -> Any:
        try:
            found = super().get_value(var, str if cast in _READ else cast, default, parse_default)
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not text"
            raise ImproperlyConfigured(f"{var}_FILE: {os.environ.get(f'{var}_FILE')} cannot be read: {why}.") from error
        except ValueError as error:
            raise ImproperlyConfigured(f"{var} should be NAME=VALUE, by commas.") from error
        if cast not in _READ or not isinstance(found, str):
            return found
        return _READ[cast](var, found.strip()) if found.strip() else default


def _switch(name: str, text: str) -> bool:
    if text.lower() not in YES + NO:
        raise ImproperlyConfigured(f"{name} is “{text}”; it should be 1 or 0.")
    return text.lower() in YES


def _whole(name: str, text: str) -> int:
    least, most = int(name not in ZERO_IS_FINE), MOST.get(name, 10**15)
    if not re.fullmatch(r"[0-9]{1,15}", text) or not least <= int(text) <= most:
        to = f" to {most}" if name in MOST else " upwards"
        raise ImproperlyConfigured(f"{name} is “{text}”; it should be a whole number from {least}{to}.")
    return int(text)


def _seconds(name: str, text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not (math.isfinite(found) and found > 0):
        raise ImproperlyConfigured(f"{name} is “{text}”; it should be a number of seconds above 0.")
    return found


_READ: dict[Any, Callable[[str, str], Any]] = {bool: _switch, int: _whole, float: _seconds}


def problem(given: Mapping[str, str]) -> str:
    """What is wrong with the settings that are words and addresses, in one sentence; empty where nothing is."""
    for name, (fits, what) in _WORDS.items():
        text = given.get(name, "").strip()
        if text and not fits(text):
            return f"{name} is {'something else' if name in SECRET else f'“{text}”'}; it should be {what}."
    return ""


def _zone(text: str) -> bool:
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _web(text: str) -> bool:
    return _address(text, ("http", "https")) and bool(urlsplit(text).hostname)


def _address(text: str, schemes: Sequence[str]) -> bool:
    try:
        found = urlsplit(text)
        return found.scheme in schemes and "://" in text and found.port != 0
    except ValueError:  # of the port, or of brackets that are no address
        return False


def _ports(text: str) -> bool:
    found = re.fullmatch(r"([0-9]{1,5})-([0-9]{1,5})", text)
    return found is not None and 0 < int(found[1]) <= int(found[2]) <= 65535


_WORDS: dict[str, tuple[Callable[[str], bool], str]] = {
    "SMSOPS_TIME_ZONE": (_zone, "the name of a time zone, like Europe/Athens"),
    "SMSOPS_LOG_LEVEL": (
        lambda text: text in logging.getLevelNamesMapping(),
        "one of DEBUG, INFO, WARNING, ERROR, CRITICAL",
    ),
    "SMSOPS_TOTP": (lambda text: text in MODES, f"one of {', '.join(MODES)}"),
    "SMSOPS_DATABASE_URL": (
        lambda text: _address(text, DATABASES),
        "an address like postgresql://smsops@127.0.0.1/smsops",
    ),
    "SMSOPS_BROKER_URL": (
        lambda text: _address(text, BROKERS),
        "folder://localhost/ or an address like redis://127.0.0.1/0",
    ),
    "SMSOPS_PUBLIC_URL": (_web, "an address like https://ops.school.example"),
    "SMSOPS_TRUSTED_ORIGINS": (
        lambda text: all(_web(each) for each in text.split(",") if each),
        "addresses like https://ops.school.example, by commas",
    ),
    "SMSOPS_PORTS": (_ports, "a stretch of ports like 18100-18999"),
}


def folder(path: Path) -> Path:
    """The folder, made where it is missing."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"The folder {path} cannot be used: {error.strerror} (SMSOPS_DATA_DIR).") from error
    return path


@contextmanager
def in_a_sentence(code: int = 1) -> Iterator[None]:
    """Around the start of a program: what is wrong with the settings ends it with that sentence alone."""
    try:
        yield
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(code) from None
