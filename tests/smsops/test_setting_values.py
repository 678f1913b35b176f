"""A setting that cannot be meant: one sentence at the start of every program, that names it and tells no secret."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

from smsops import setting_values
from tests.source import ROOT

WRONG = {
    "SMSOPS_HTTPS": ("ture", "it should be 1 or 0"),
    "SMSOPS_PROXIES": ("-1", "it should be a whole number from 1 upwards"),
    "SMSOPS_SUDO_MINUTES": ("ten", "it should be a whole number from 0 upwards"),
    "SMSOPS_EMAIL_PORT": ("99999", "it should be a whole number from 1 to 65535"),
    "SMSOPS_SWEEP_SECONDS": ("0", "it should be a number of seconds above 0"),
    "SMSOPS_WATCH_SECONDS": ("nan", "it should be a number of seconds above 0"),
    "SMSOPS_LEASE_SECONDS": ("10 s", "it should be a number of seconds above 0"),
    "SMSOPS_TIME_ZONE": ("Mars", "it should be the name of a time zone"),
    "SMSOPS_LOG_LEVEL": ("LOUD", "it should be one of DEBUG, INFO"),
    "SMSOPS_TOTP": ("Required", "it should be one of required, offered, off"),
    "SMSOPS_PUBLIC_URL": ("ops.school.example", "it should be an address like https://"),
    "SMSOPS_TRUSTED_ORIGINS": ("https://a.example,b.example", "it should be addresses like https://"),
    "SMSOPS_PORTS": ("18999-18100", "it should be a stretch of ports"),
    "SMSOPS_OIDC_ROLES": ("leads", "should be NAME=VALUE, by commas"),
    "SMSOPS_DATABASE_URL": ("postgresql://smsops:cAn4ry@db:many/smsops", "it should be an address like postgresql://"),
    "SMSOPS_BROKER_URL": ("rabbit://:cAn4ry@mq", "it should be folder://localhost/ or an address like redis://"),
    "SMSOPS_METRICS_TOKEN_FILE": ("/nowhere/token", "/nowhere/token cannot be read: No such file or directory"),
    "SMSOPS_DATA_DIR": ("/etc/passwd/below", "The folder /etc/passwd/below cannot be used: Not a directory"),
}


def started(tmp_path: Path, *words: str, **given: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SMSOPS_")}
    told = {**plain, "DJANGO_SETTINGS_MODULE": "smsops.settings", "SMSOPS_DATA_DIR": str(tmp_path), **given}
    return subprocess.run([sys.executable, *words], cwd=ROOT, env=told, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_is_told_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    value, said = WRONG[name]
    for each, given in {"SMSOPS_DATA_DIR": str(tmp_path), name: value}.items():
        monkeypatch.setenv(each, given)
    monkeypatch.setattr(setting_values.Settings, "ENVIRON", FileAwareMapping())  # which remembers the files it read
    with pytest.raises(ImproperlyConfigured) as refused:
        runpy.run_path(str(ROOT / "smsops" / "settings.py"))
    (line,) = str(refused.value).splitlines()
    assert said in line and name in line
    assert "cAn4ry" not in line


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("-m", "celery", "-A", "smsops", "worker"), 1),
        (("-m", "celery", "-A", "smsops", "beat"), 1),
        (("-c", "import smsops.wsgi"), setting_values.GUNICORN_GIVES_UP),
        (("-c", "import incidents.intake_site"), setting_values.GUNICORN_GIVES_UP),
    ],
)
def test_every_program_says_it_and_nothing_else(tmp_path: Path, words: tuple[str, ...], code: int) -> None:
    done = started(tmp_path, *words, SMSOPS_HTTPS="ture")
    assert (done.returncode, done.stderr) == (code, "SMSOPS_HTTPS is “ture”; it should be 1 or 0.\n")


def test_what_gunicorn_has_loaded_is_not_searched_for_garbage_again(tmp_path: Path) -> None:
    done = started(tmp_path, "-c", "import smsops.wsgi, gc; print(gc.get_freeze_count())")
    assert int(done.stdout) > 50_000


def test_what_compose_hands_on_for_what_nobody_set_counts_as_none_given(tmp_path: Path) -> None:
    asked = "from smsops import settings as s; print(s.HTTPS, s.SMSOPS_PROXIES, s.SMSOPS_WATCH_SECONDS, s.TIME_ZONE)"
    given = dict.fromkeys(("SMSOPS_HTTPS", "SMSOPS_PROXIES", "SMSOPS_WATCH_SECONDS", "SMSOPS_TOTP"), "")
    assert started(tmp_path, "-c", asked, **given).stdout == "True 1 2.0 UTC\n"


def test_a_key_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "keys").touch()
    done = started(tmp_path, "manage.py", "ops", "status")
    assert done.stderr == f"The key {tmp_path}/keys/secret_key can be neither read nor made: Not a directory.\n"
