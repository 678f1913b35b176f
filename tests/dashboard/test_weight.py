"""How heavy the dashboard is on a bad line: the page, its styles and its scripts, as they are sent."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse
from whitenoise.compress import Compressor  # type: ignore[import-untyped]

from smsops.models import RunState
from tests.admin.browser import Browser
from tests.dashboard.pages import a_busy_environment, address_of
from tests.factories import make_admin, make_run

pytestmark = pytest.mark.django_db

MOST = 150_000  # bytes


def sent(address: str) -> int:
    """Bytes of a page and of everything it names, each as small as whitenoise sends it."""
    page = Browser(make_admin()).get(address)
    named = set(re.findall(r'(?:href|src)="/static/([^"?]+)"', page.html))
    assert len(named) > 5
    return len(gzip.compress(page.html.encode())) + sum(_packed(name) for name in named)


def _packed(name: str) -> int:
    path = finders.find(name)
    assert isinstance(path, str), name
    data = Path(path).read_bytes()
    return len(data) if not Compressor().should_compress(name) else min(len(data), len(Compressor.compress_gzip(data)))


def a_full_house() -> None:
    """Six environments in full with a day of backups each, and some in a line."""
    for _ in range(6):
        environment = a_busy_environment()
        for number in range(96):
            make_run(environment, state=RunState.SAFE if number % 9 == 0 else RunState.SUCCEEDED)
    for _ in range(4):
        a_busy_environment()


def test_the_dashboard_of_all_is_light() -> None:
    a_full_house()
    assert sent(reverse("admin:index")) < MOST


def test_the_dashboard_of_one_is_light() -> None:
    environment = a_busy_environment()
    for _ in range(96):
        make_run(environment)
    assert sent(address_of(environment)) < MOST
