"""Uploading a backup from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from smsops.models import Run
from tests.admin.browser import Browser, Page
from tests.admin.doors import DOORS
from tests.admin.scenes import a_school

pytestmark = pytest.mark.django_db
ADOPT = DOORS["adopt"]


def sent(name: str, size: int = 100, **more: Any) -> Page:
    """Send a file of so many bytes."""
    environment = a_school()
    file = SimpleUploadedFile(name, b"SQLite format 3\0" + bytes(size))
    return Browser(ADOPT.user()).post(ADOPT.address(environment), file=file, reason="found it", **more)


def test_the_form_sends_files() -> None:
    page = Browser(ADOPT.user()).get(ADOPT.address(a_school()))
    forms = [form for form in page.all("form") if form.attributes.get("enctype") == "multipart/form-data"]
    assert len(forms) == 1
    assert "At most 200.0 MB; a larger one is adopted on the server: ops adopt." in page.text


def test_an_upload_waits_for_its_run_in_a_private_file() -> None:
    sent("sms_backup_20251116_120000.db")
    run = Run.objects.get(kind="adoption")
    (file,) = (Path(settings.SMSOPS_WORK_DIR) / "uploads").iterdir()
    assert run.params["file"] == str(file)
    assert (file.stat().st_mode & 0o777, file.stat().st_size) == (0o600, 116)


def test_a_name_without_a_time_needs_one() -> None:
    page = sent("x.db")
    assert "does not tell when the data is from" in page.errors_of("Taken at")
    assert not Run.objects.filter(kind="adoption").exists()


def test_a_time_that_is_given_is_the_schools_own() -> None:
    sent("x.db", taken_at="2025-12-10 17:30")
    assert Run.objects.get(kind="adoption").params["taken_at"] == "2025-12-10T17:30:00+00:00"


def test_too_large_a_file_is_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SMSOPS_UPLOAD_BYTES", 1000)
    page = sent("sms_backup_20251116_120000.db", 100_000)
    assert (page.status, Run.objects.filter(kind="adoption").exists()) == (200, False)
    assert not (Path(settings.SMSOPS_WORK_DIR) / "uploads").exists()
