"""What stands in the terminal when the parts are started: nothing that frightens without a cause."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery.platforms import check_privileges  # type: ignore[attr-defined]
from celery.signals import celeryd_init
from django.http import HttpResponse
from pytest_django import Settings

from smsops.celery import app
from smsops.static_files import StaticFiles


def frights(accepts: list[str]) -> list[str]:
    """What a worker that takes such messages says of root when it begins."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        celeryd_init.send(sender="w", instance=None, conf=SimpleNamespace(accept_content=accepts), options={})
        check_privileges(["json"])
    return [each.category.__name__ for each in said]


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("getuid", "geteuid", "getgid", "getegid"):
        monkeypatch.setattr(os, name, lambda: 0)


def test_a_worker_that_takes_json_alone_is_not_warned_of_being_root(root: None) -> None:
    assert frights(app.conf.accept_content) == []


def test_one_that_takes_anything_else_is(root: None) -> None:
    assert frights(["json", "yaml"]) == ["SecurityWarning"]


def test_a_checkout_serves_the_files_of_the_apps_and_looks_into_no_folder_that_is_not_there(
    settings: Settings, tmp_path: Path
) -> None:
    settings.STATIC_ROOT, settings.WHITENOISE_AUTOREFRESH = tmp_path / "staticfiles", False
    settings.WHITENOISE_USE_FINDERS = True
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        served: Any = StaticFiles(lambda _: HttpResponse(status=404))
    assert "/static/smsops/house.css" in served.files


def test_collected_files_are_served_from_their_folder(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "collected.css").write_text("a {}")
    settings.STATIC_ROOT, settings.WHITENOISE_AUTOREFRESH = tmp_path, False
    settings.WHITENOISE_USE_FINDERS = False
    served: Any = StaticFiles(lambda _: HttpResponse(status=404))
    assert list(served.files) == ["/static/collected.css"]
